/* SPDX-License-Identifier: MIT */
/*
 * An explanation in words: the ten lines of a report, and the page of `vmatrace maps`. It only
 * gathers lines; the command prints them.
 */
#ifndef VMT_CAUSE_TEXT_H
#define VMT_CAUSE_TEXT_H

#include "explain/explain.h"
#include "util/lines.h"

struct vmt_cause_names {
	/*
	 * Returns "mprotect, make_stack src/fiber.c:41" for a site, or "". NULL if there are no
	 * sites.
	 */
	const char *(*site)(void *context, uint32_t site, char *text, size_t size);
	/*
	 * Returns ", none given back" for the calls of the site's place, or "". May be NULL as
	 * well.
	 */
	const char *(*given_back)(void *context, uint32_t site, char *text, size_t size);
	void *context;
};

#define VMT_EXPLAIN_LINES 14u
#define VMT_EXPLAIN_LEAD  12u
/* Causes that would leave no room for what helps are told without it, up to this line. */
#define VMT_EXPLAIN_CAUSES 18u

/*
 * Add the cause and what would help, at most VMT_EXPLAIN_LEAD lines; none without a cause. Returns
 * a bit for each pattern mentioned.
 */
uint64_t vmt_cause_lead(struct vmt_lines *lines, const struct vmt_explain *explain,
			const struct vmt_cause_names *names);

/* Add a pattern, and what would help if there is room; start: "  cause   ", or "     and  ". */
void vmt_cause_lead_pattern(struct vmt_lines *lines, const struct vmt_explain *explain,
			    const struct vmt_explain_pattern *pattern,
			    const struct vmt_cause_names *names, const char *start);

/*
 * Add further lines, up to VMT_EXPLAIN_LINES including those already there; none if there are too
 * few maps to say anything.
 */
void vmt_cause_brief(struct vmt_lines *lines, const struct vmt_explain *explain,
		     const struct vmt_cause_names *names);

/* Add the whole page without the headline. limit: 0 for a saved text. */
void vmt_cause_page(struct vmt_lines *lines, const struct vmt_explain *explain, uint64_t limit);

#endif
