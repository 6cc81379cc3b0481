/* SPDX-License-Identifier: MIT */
/*
 * Who held the maps at the peak, if most of them are gone: the remaining maps say little about what
 * reached the limit. Used by cause_lead.c.
 */
#ifndef VMT_CAUSE_PEAK_H
#define VMT_CAUSE_PEAK_H

#include "explain/explain_record.h"
#include "util/lines.h"

/* Are most maps of the peak gone, so that the question is who had them then? */
bool vmt_cause_peak_is_over(const struct vmt_view *view);

/*
 * Add lines for the top of a report. Returns false, and adds none, if the maps of the peak still
 * exist.
 */
bool vmt_cause_peak_lead(struct vmt_lines *lines, struct vmt_explain_record *record);

#endif
