/* SPDX-License-Identifier: MIT */
/*
 * Counts over time, in a fixed number of buckets that widen as the program runs: the count of all
 * maps, and, more coarsely, each site's live maps. A bucket has the lowest and the highest count,
 * so that no burst is lost, only its exact time. Under the lock only.
 */
#ifndef VMT_TIMELINE_H
#define VMT_TIMELINE_H

#include "store/recording.h"

/* The slow parts of the functions below. */
bool vmt_timeline_begin(struct vmt_state *state, uint64_t time);
void vmt_timeline_enter(struct vmt_state *state, struct vmt_site *site, uint64_t time);
void vmt_timeline_widen(struct vmt_state *state, struct vmt_site *site);

/* Note the process's present count of maps. */
static inline void vmt_timeline_tick(struct vmt_state *state, uint64_t time)
{
	uint32_t now = (uint32_t)state->counters.maps_now;
	struct vmt_rec_bucket *at;

	if (!state->recording.base ||
	    (VMT_UNLIKELY(time >= state->publish.bucket_end) && !vmt_timeline_begin(state, time)))
		return;
	at = state->publish.bucket;
	if (at->max == 0 || now < at->min)
		at->min = now;
	at->last = now;
	vmt_recording_kill_point(state);
	if (now > at->max) /* max is set last, since it makes the bucket valid */
		__atomic_store_n(&at->max, now, __ATOMIC_RELEASE);
}

/* To be called before site->live changes, at this time. */
static inline void vmt_timeline_before(struct vmt_state *state, struct vmt_site *site,
				       uint64_t time)
{
	if (VMT_UNLIKELY(time >= site->bucket_end))
		vmt_timeline_enter(state, site, time);
}

/* To be called after it has changed. */
static inline void vmt_timeline_after(struct vmt_state *state, struct vmt_site *site)
{
	if (VMT_UNLIKELY(site->live < site->low || site->live > site->high))
		vmt_timeline_widen(state, site);
}

#endif
