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
 * In a fork child, at once: note its pid, which tells it from a vfork child of its own. That shares all
 * of its memory, and must not do the above.
 */
void vmt_fork_note_child(const struct vmt_state *state);

/*
 * Before a child gives up root or its root folder: do the above now if it was not done, since later the
 * child may have no permission to make a recording.
 */
void vmt_fork_before_leaving(struct vmt_state *state);

/*
 * A call was made after vmt_fork_start_child() had returned false: it counts as lost, and the table is
 * read anew.
 */
void vmt_fork_lose_call(struct vmt_state *state);

#endif
