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
	 * Returns "mprotect in make_stack src/fiber.c:41" for a site, or "", with the caller through
	 * which nearly all maps came that show one of the patterns `shown`; 0: of all. NULL if there
	 * are no sites.
	 */
	const char *(*site)(void *context, uint32_t site, uint64_t shown, char *text, size_t size);
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
#define VMT_EXPLAIN_CAUSES 21u

/* The words before a cause, and before a further one: just below it, or after other lines. */
#define VMT_CAUSE_FIRST "  cause   "
#define VMT_CAUSE_NEXT  "     and  "
#define VMT_CAUSE_ALSO  "  also    "

#define VMT_CAUSE_SURE 2u /* causes that are told in any case, each with what helps */

/*
 * Names are of any length, so lines alone do not decide what is told: the first causes and their help
 * have a place in any case, and others have `most` lines. causes: those before.
 */
static inline size_t vmt_cause_room(unsigned causes, size_t most)
{
	return causes < VMT_CAUSE_SURE ? SIZE_MAX : most;
}

/*
 * Add the cause and what would help, and a second cause with its help if both causes fit into
 * VMT_EXPLAIN_LEAD lines; none without a cause. Returns a bit for each pattern mentioned.
 */
uint64_t vmt_cause_lead(struct vmt_lines *lines, const struct vmt_explain *explain,
			const struct vmt_cause_names *names);

/*
 * Returns the second cause, for further down, if it makes at least half as many maps as the first, and
 * only the first was mentioned; or NULL.
 */
const struct vmt_explain_pattern *vmt_cause_second(const struct vmt_explain *explain,
						   uint64_t mentioned);

/* Add a pattern, and what would help; after so many causes, only if there is room. */
void vmt_cause_lead_pattern(struct vmt_lines *lines, const struct vmt_explain *explain,
			    const struct vmt_explain_pattern *pattern,
			    const struct vmt_cause_names *names, const char *start,
			    unsigned causes);

/*
 * Add further lines, up to VMT_EXPLAIN_LINES including those already there; none if there are too
 * few maps to say anything. is_after_peak: the lines before are about the peak, which is over.
 */
void vmt_cause_brief(struct vmt_lines *lines, const struct vmt_explain *explain,
		     const struct vmt_cause_names *names, bool is_after_peak);

/* Add the whole page without the headline. limit: 0 for a saved text. */
void vmt_cause_page(struct vmt_lines *lines, const struct vmt_explain *explain, uint64_t limit);

#endif
