/* SPDX-License-Identifier: MIT */
/*
 * What the page of `vmatrace maps` and the lines of a report that say a cause have in common; used
 * by the files cause_*.c.
 */
#ifndef VMT_CAUSE_PARTS_H
#define VMT_CAUSE_PARTS_H

#include "explain/explain_record.h"
#include "util/lines.h"

/* Pairs with one reason, for all sites. */
struct vmt_cause_reason {
	uint64_t pairs;
	const struct vmt_explain_neighbours *top; /* the first entry of the most frequent detail */
	bool has_more_details;
};

void vmt_cause_sum_reasons(const struct vmt_explain *explain,
			   struct vmt_cause_reason reasons[VMT_APART_COUNT]);

/*
 * Returns the reason with the most pairs after `last`; last NULL: the first one. NULL after the
 * last one.
 */
const struct vmt_cause_reason *
vmt_cause_next_reason(const struct vmt_cause_reason reasons[VMT_APART_COUNT],
		      const struct vmt_cause_reason *last);

/*
 * "differ in protection (rw-p, ---p)", with the most frequent detail if there are several. For
 * pairs that look alike, the detail is left out if the call that cut them is mentioned elsewhere.
 */
void vmt_cause_put_reason(char *text, size_t size, const struct vmt_explain *explain,
			  const struct vmt_cause_reason *reason, bool has_site);

/* "s" if there are several maps and the word for the kind has a plural. */
const char *vmt_cause_plural(enum vmt_kind kind, uint64_t maps);

/* Add the cost of so many maps, after a start of the line. */
void vmt_cause_put_cost(struct vmt_lines *lines, const char *start, uint64_t maps);

/* If the maps come near the limit, suggest a limit for twice as many. */
void vmt_cause_put_limit(struct vmt_lines *lines, const char *start, uint64_t maps, uint64_t limit);

/*
 * " called by grow src/pool.c:40", the caller through which nearly all came to a site's place, or "".
 * weight: of each site. Returns how many percent of the weight it has, 100 without a caller.
 */
unsigned vmt_cause_put_caller(char *text, size_t size, struct vmt_explain_record *record,
			      uint32_t site, const uint64_t *weight);

/*
 * "mmap in guard src/pool.c:6 called by grow src/pool.c:40", the place with its caller; if a part came
 * through others, "mmap in guard src/pool.c:6, 94 % called by grow src/pool.c:40".
 */
void vmt_cause_put_site(char *text, size_t size, struct vmt_explain_record *record, uint32_t site,
			const uint64_t *weight);

/* " 58 % called by grow src/pool.c:40 and 42 % by fill src/cache.c:9", if nearly all came through neither. */
void vmt_cause_put_callers(char *text, size_t size, struct vmt_explain_record *record,
			   uint32_t site, const uint64_t *weight);

/* A callback for struct vmt_cause_names; context is the record. */
const char *vmt_cause_site_of(void *context, uint32_t site, uint64_t shown, char *text,
			      size_t size);

#define VMT_EXPLAIN_COSTLY 1000u /* the cost of fewer maps is not mentioned */
#define VMT_CAUSE_ENOUGH   16u /* calls; there is no advice to unmap the maps of fewer one by one */

#endif
