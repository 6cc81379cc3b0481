/* SPDX-License-Identifier: MIT */
/*
 * The lock with all that entering and leaving it means: a table whose holder has gone is mended,
 * and the calls that were made without the lock meanwhile are learnt.
 */
#ifndef VMT_GUARD_H
#define VMT_GUARD_H

#include "state/state.h"

/*
 * patient: wait for the holder for as long as lock.h allows; otherwise only look. place: where on
 * the stack the call stands that the lock is taken for, see holder.h. False: somebody keeps the
 * lock.
 */
bool vmt_guard_enter_at(struct vmt_state *state, uint64_t place, bool patient);

/* The same for what is no call of the program's. */
bool vmt_guard_enter(struct vmt_state *state, bool patient);
void vmt_guard_leave(struct vmt_state *state);

/* In a fork child, whose parent's threads are not here: take the lock from whoever had it there. */
void vmt_guard_enter_alone(struct vmt_state *state);

/* For the last act: also from a call that this thread has interrupted and will never return to. */
bool vmt_guard_seize(struct vmt_state *state);

#endif
