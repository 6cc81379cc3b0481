/* SPDX-License-Identifier: MIT */
/*
 * Counts over time, in a fixed number of buckets that widen as the program runs on: the
 * process's maps, and coarser each site's live ones. Each bucket holds the lowest and the highest
 * count, so that no burst is lost, only its exact moment. Under the lock only.
 */
#ifndef VMT_TIMELINE_H
#define VMT_TIMELINE_H

#include "store/recording.h"

/* The slow parts of the functions below. */
bool vmt_timeline_begin(struct vmt_state *state, uint64_t time);
void vmt_timeline_enter(struct vmt_state *state, struct vmt_site *site);
void vmt_timeline_widen(struct vmt_state *state, struct vmt_site *site);

/* Note the process's count of maps at this time. */
static inline void vmt_timeline_tick(struct vmt_state *state, uint64_t time)
{
	uint32_t now = (uint32_t)state->counters.maps_now;
	struct vmt_rec_bucket *at;

	if (!state->recording.base ||
	    (VMT_UNLIKELY(time >= state->tick_end) && !vmt_timeline_begin(state, time)))
		return;
	at = state->tick_at;
	if (at->max == 0 || now < at->min)
		at->min = now;
	at->last = now;
	vmt_recording_kill_point(state);
	if (now > at->max) /* last: a bucket with a max is valid */
		__atomic_store_n(&at->max, now, __ATOMIC_RELEASE);
}

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
