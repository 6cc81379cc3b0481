/* SPDX-License-Identifier: MIT */
/*
 * The library's memory and its recording begin small and grow with what there is to keep. That
 * changes the process's maps, so it is done between calls, and the new maps are told apart from the
 * program's.
 */
#ifndef VMT_ROOM_H
#define VMT_ROOM_H

#include "state/state.h"

/* The rarer part of vmt_room_keep. */
void vmt_room_make(struct vmt_state *state);

/*
 * Of what was learnt in one go, as of a runtime that makes its system calls itself, there may be
 * more than a call brings. True: there is room for it now, and it is to be learnt again. Under the
 * lock.
 */
bool vmt_room_enlarge(struct vmt_state *state, const struct vmt_outcome *outcome);

/*
 * Before a seccomp filter, after which no call may be made: all that may ever be needed. Under the
 * lock.
 */
void vmt_room_make_all(struct vmt_state *state);

/* Under the lock, when a call has been recorded: is there room for the next one? */
static inline void vmt_room_keep(struct vmt_state *state)
{
	if (VMT_UNLIKELY(state->room_is_due || state->space_arena.used > state->space_arena.ahead))
		vmt_room_make(state);
}

#endif
