/* SPDX-License-Identifier: MIT */
/*
 * Who held the maps at the peak, when most of them are gone since: what is left says little of
 * what ran into the limit. Used by explain_record.c.
 */
#ifndef VMT_EXPLAIN_PEAK_H
#define VMT_EXPLAIN_PEAK_H

#include "explain/explain_record.h"
#include "util/lines.h"

/* Most of what there was at the peak is gone: who had it then is the question. */
bool vmt_explain_peak_is_over(const struct vmt_view *view);

/* Add lines for the top of a report; false, and none, when the peak is what there is now. */
bool vmt_explain_peak_lead(struct vmt_lines *lines, struct vmt_explain_record *record);

#endif
