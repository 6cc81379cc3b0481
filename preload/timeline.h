/* SPDX-License-Identifier: MIT */
/*
 * Counts over time, in a fixed number of buckets that widen as the program runs on: the
 * process's maps, and coarser each site's live ones. Each bucket holds the lowest and the highest
 * count, so that no burst is lost, only its exact moment. Under the lock only.
 */
#ifndef VMT_TIMELINE_H
#define VMT_TIMELINE_H

#include "state.h"

/* Note the process's count of maps at this time. */
void vmt_timeline_tick(struct vmt_state *state, uint64_t time);

/* The slow parts of the two functions below. */
void vmt_timeline_enter(struct vmt_state *state, struct vmt_site *site);
void vmt_timeline_widen(struct vmt_state *state, struct vmt_site *site);

/* Before site->live changes, at state->call_time. */
static inline void vmt_timeline_before(struct vmt_state *state, struct vmt_site *site)
{
	if (VMT_UNLIKELY(state->call_time >= site->bucket_end))
		vmt_timeline_enter(state, site);
}

/* After it has changed. */
static inline void vmt_timeline_after(struct vmt_state *state, struct vmt_site *site)
{
	if (VMT_UNLIKELY(site->live < site->low || site->live > site->high))
		vmt_timeline_widen(state, site);
}

#endif
