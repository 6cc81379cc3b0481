/* SPDX-License-Identifier: MIT */
/* What a report says first about the maps in a recording. */
#ifndef VMT_CAUSE_LEAD_H
#define VMT_CAUSE_LEAD_H

#include "explain/explain_record.h"
#include "util/lines.h"

/*
 * Add the ten lines of the report. Returns how many of them belong at its top. now: CLOCK_MONOTONIC
 * for a process that still runs, or 0. torn_down: maps that it gave back because it ended. part: what
 * is to be said of the lines at the top where the table has a part of the call sites, or NULL.
 */
size_t vmt_cause_lead_lines(struct vmt_lines *lines, struct vmt_explain_record *record,
			    uint64_t now, uint64_t torn_down, const char *part);

#endif
