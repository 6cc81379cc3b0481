/* SPDX-License-Identifier: MIT */
/*
 * Threads and child processes that the kernel refused to start. This has nothing to do with maps, but
 * programs say "Resource temporarily unavailable" or "Cannot allocate memory" as they do at the map
 * limit, so the report tells which it was.
 */
#ifndef VMT_REFUSED_H
#define VMT_REFUSED_H

#include "state/state.h"

/* The stub of clone3 calls this after a failure, on the program's stack. */
void vmt_refused_by_clone(long result);

/* A fork has failed. */
void vmt_refused_fork(struct vmt_state *state, long result);

/* Under the lock: bring the recording's counts up to date. */
void vmt_refused_count(struct vmt_state *state);

/* In a fork child: the counts are the parent's. */
void vmt_refused_start_child(void);

#endif
