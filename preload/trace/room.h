/* SPDX-License-Identifier: MIT */
/*
 * The library's memory and its recording begin small, and grow as more has to be stored. Growing
 * changes the process's maps, so it is done between calls, and the new maps are told apart from the
 * program's.
 */
#ifndef VMT_ROOM_H
#define VMT_ROOM_H

#include "state/state.h"

/* Under the lock, when a call has been recorded: make room for the next ones. */
void vmt_room_make(struct vmt_state *state);

/*
 * When many maps are learnt at once (those of a runtime that makes its system calls itself), there
 * may not be room for all. True: there is room now, so learn them again. Under the lock.
 */
bool vmt_room_enlarge(struct vmt_state *state, const struct vmt_outcome *outcome);

/*
 * Before a seccomp filter that may forbid all calls of ours: make all the room that may ever be
 * needed. Under the lock.
 */
void vmt_room_make_all(struct vmt_state *state);

#endif
