/* SPDX-License-Identifier: MIT */
/* The first call of a fork child, which inherits the table and the owners of its maps as a copy. */
#ifndef VMT_FORK_H
#define VMT_FORK_H

#include "state/state.h"

/*
 * The first call in a fork child: give it a lock, counters and a recording of its own. Two threads
 * may come here at once, since a thread can be created on a cached stack without a memory call.
 * Returns false if another thread, or one that this signal handler has interrupted, is doing this
 * and takes too long.
 */
bool vmt_fork_start_child(struct vmt_state *state);

/*
 * A call was made after vmt_fork_start_child() had returned false: it counts as lost, and the table is
 * read anew.
 */
void vmt_fork_lose_call(struct vmt_state *state);

#endif
