/* SPDX-License-Identifier: MIT */
/*
 * The count of maps over time, in a fixed number of buckets that widen as the program
 * runs on: each holds the lowest and the highest count, so that no burst is lost. Under the lock only.
 */
#ifndef VMT_TIMELINE_H
#define VMT_TIMELINE_H

#include "state.h"

#define VMT_TIMELINE_FIRST_NS UINT64_C(1000000)

/* Note the count of maps at this time: no burst is lost, only its exact moment. */
void vmt_timeline_tick(struct vmt_state *state, uint64_t time);

#endif
