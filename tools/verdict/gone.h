/* SPDX-License-Identifier: MIT */
/*
 * Call sites of the baseline that are gone, beside a finding: a function that was renamed, or moved
 * into another, takes its maps along, and a baseline compares names. Changes no verdict.
 */
#ifndef VMT_GONE_H
#define VMT_GONE_H

#include "check/verdict.h"

#define VMT_GONE_MOST 3u /* named for a finding */

struct vmt_gone {
	const struct vmt_summary_site
		*site[VMT_GONE_MOST]; /* of the baseline; the likeliest first */
	size_t count;
};

/* Find what may explain a finding about a call site; nothing for any other. */
void vmt_gone_find(const struct vmt_verdict *verdict, const struct vmt_finding *finding,
		   struct vmt_gone *ret_gone);

/* Returns a sentence that names them and says what to do; NULL if there are none. The caller frees it. */
char *vmt_gone_note(const struct vmt_verdict *verdict, const struct vmt_finding *finding);

#endif
