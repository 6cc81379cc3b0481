/* SPDX-License-Identifier: MIT */
/* Objects that are given back only in part, and who gives back the others. For recordings only. */
#ifndef VMT_CAUSE_LEAK_H
#define VMT_CAUSE_LEAK_H

#include "explain/explain_record.h"
#include "util/lines.h"

/*
 * Add a sentence if the maps grew steadily and one place's objects are not given back, or not all
 * of them. It comes before advice that would only make each object cheaper. now: CLOCK_MONOTONIC
 * for a process that still runs, or 0. torn_down: maps that it gave back because it ended. Returns whether it is
 * about a leak, and not about what was kept at the end of a short run.
 */
bool vmt_cause_leak(struct vmt_lines *lines, struct vmt_explain_record *record, uint64_t now,
		    uint64_t torn_down);

/*
 * Add a sentence if the recording says what call sites had before the end, and one place had most of the
 * torn_down maps that were given back at the end.
 */
void vmt_cause_kept(struct vmt_lines *lines, struct vmt_explain_record *record, uint64_t torn_down);

/*
 * Add a sentence if one place has most of what is left of the growth up to a peak that is over: the causes are
 * those of the peak.
 */
void vmt_cause_left(struct vmt_lines *lines, struct vmt_explain_record *record);

#endif
