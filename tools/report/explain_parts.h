/* SPDX-License-Identifier: MIT */
/*
 * What the page of `vmatrace maps` and the lines of a report have in common. Shared by
 * explain_text.c, explain_brief.c and explain_parts.c, and by nobody else.
 */
#ifndef VMT_EXPLAIN_PARTS_H
#define VMT_EXPLAIN_PARTS_H

#include "explain/explain.h"
#include "util/lines.h"

/* Pairs of one reason, whatever the site. */
struct vmt_explain_reason {
	uint64_t pairs;
	const struct vmt_explain_neighbours *top; /* what most of them are */
	bool has_more_details;
};

void vmt_explain_sum_reasons(const struct vmt_explain *explain,
			     struct vmt_explain_reason reasons[VMT_APART_COUNT]);

/* The one with most pairs after last; NULL: the first, the last. */
const struct vmt_explain_reason *
vmt_explain_next_reason(const struct vmt_explain_reason reasons[VMT_APART_COUNT],
			const struct vmt_explain_reason *last);

/*
 * "differ in protection (rw-p, ---p)"; of several the one that most have. Without details of those
 * that look alike when the call that cut them is told otherwise.
 */
void vmt_explain_put_reason(char *text, size_t size, const struct vmt_explain *explain,
			    const struct vmt_explain_reason *reason, bool has_site);

/* "s" where there are several, and the word for it can have one. */
const char *vmt_explain_plural(enum vmt_kind kind, uint64_t maps);

/* What so many maps cost, after a start of the line. */
void vmt_explain_put_cost(struct vmt_lines *lines, const char *start, uint64_t maps);

/* A limit with room for twice as many maps, where these come near to the present one. */
void vmt_explain_put_limit(struct vmt_lines *lines, const char *start, uint64_t maps,
			   uint64_t limit);

#define VMT_EXPLAIN_COSTLY 1000u /* of fewer maps the cost is not worth a word */

#endif
