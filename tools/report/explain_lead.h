/* SPDX-License-Identifier: MIT */
/* What a report says first of the maps in a recording. */
#ifndef VMT_EXPLAIN_LEAD_H
#define VMT_EXPLAIN_LEAD_H

#include "explain/explain_record.h"
#include "util/lines.h"

/*
 * The ten lines of the report; returns how many of them belong at its top. now: CLOCK_MONOTONIC of
 * one still running, or 0.
 */
size_t vmt_explain_lead_lines(struct vmt_lines *lines, struct vmt_explain_record *record,
			      uint64_t now);

#endif
