/* SPDX-License-Identifier: MIT */
/*
 * Counts over time, in a fixed number of buckets that widen as the program runs: the count of all
 * maps, and, more coarsely, each site's live maps. A bucket has the lowest and the highest count,
 * so that no burst is lost, only its exact time. Under the lock only.
 */
#ifndef VMT_TIMELINE_H
#define VMT_TIMELINE_H

#include "store/recording.h"

/* Note the process's present count of maps. */
void vmt_timeline_tick(struct vmt_state *state, uint64_t time);

/*
 * Returns when the second half of the growth began, ns since start_ns, and how many maps there were then;
 * 0: it is not known, and maps_start.
 */
uint64_t vmt_timeline_half(struct vmt_state *state, uint64_t *ret_maps);

/* To be called before site->live changes, at this time, and after it has changed. */
void vmt_timeline_before(struct vmt_state *state, struct vmt_site *site, uint64_t time);
void vmt_timeline_after(struct vmt_state *state, struct vmt_site *site);

#endif
