/* SPDX-License-Identifier: MIT */
/*
 * The first call of a fork child, which inherits the table and the owners of its maps by copy.
 */
#ifndef VMT_FORK_H
#define VMT_FORK_H

#include "state/state.h"

/*
 * The first call in a fork child: its own descriptor, lock, counters and recording. Two threads may
 * come here at once, since a thread can be made from a cached stack without a memory call. False:
 * another thread (or the one that this signal handler has interrupted) is at it, and too slow.
 */
bool vmt_fork_start_child(struct vmt_state *state);

#endif
