/* SPDX-License-Identifier: MIT */
/*
 * An explanation in words: the ten lines of a report and the page of `vmatrace maps`.
 * Only gathers lines; printing is the command's.
 */
#ifndef VMT_EXPLAIN_TEXT_H
#define VMT_EXPLAIN_TEXT_H

#include "explain/explain.h"
#include "util/lines.h"

struct vmt_explain_names {
	/* "mprotect, make_stack src/fiber.c:41" of a site, or "". NULL: there are no sites. */
	const char *(*site)(void *context, uint32_t site, char *text, size_t size);
	/* ", none given back" of what the site's place did, or "". NULL like it. */
	const char *(*given_back)(void *context, uint32_t site, char *text, size_t size);
	void *context;
};

#define VMT_EXPLAIN_LINES 14u
#define VMT_EXPLAIN_LEAD  12u

/*
 * The cause and what would help, at most VMT_EXPLAIN_LEAD lines; none where there is none. Returns
 * the patterns told, a bit for each.
 */
uint64_t vmt_explain_lead(struct vmt_lines *lines, const struct vmt_explain *explain,
			  const struct vmt_explain_names *names);

/* One pattern more, with what would help, as far as there is room. */
void vmt_explain_lead_pattern(struct vmt_lines *lines, const struct vmt_explain *explain,
			      const struct vmt_explain_pattern *pattern,
			      const struct vmt_explain_names *names);

/*
 * What there is more to say, up to VMT_EXPLAIN_LINES lines with those already there; none when
 * there is nothing to say of so few maps.
 */
void vmt_explain_brief(struct vmt_lines *lines, const struct vmt_explain *explain,
		       const struct vmt_explain_names *names);

/* All of it, without the headline; limit: 0 of a saved text. */
void vmt_explain_page(struct vmt_lines *lines, const struct vmt_explain *explain, uint64_t limit);

#endif
