/* SPDX-License-Identifier: MIT */
/* What is given back in part only, and who gives back the rest. Of recordings only. */
#ifndef VMT_EXPLAIN_LEAK_H
#define VMT_EXPLAIN_LEAK_H

#include "explain/explain_record.h"
#include "util/lines.h"

/*
 * One sentence when the maps grew steadily and one place's are not given back, or not all: it goes
 * before what would make each of them cost less. now: CLOCK_MONOTONIC of one still running, or 0.
 */
void vmt_explain_leak(struct vmt_lines *lines, struct vmt_explain_record *record, uint64_t now);

#endif
