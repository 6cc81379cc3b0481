/* SPDX-License-Identifier: MIT */
/*
 * The lock as the rest of the library takes it.
 */
#ifndef VMT_CALL_H
#define VMT_CALL_H

#include "state.h"

/* Take the lock; a robbed table is mended, late calls are learnt. False: somebody keeps it. */
bool vmt_call_lock(struct vmt_state *state, bool patient);
void vmt_call_unlock(struct vmt_state *state);

/* In a fork child, whose parent's threads are not here: take the lock from whoever had it there. */
void vmt_call_lock_alone(struct vmt_state *state);

/* For the last act: also from a call that this thread has interrupted and will never return to. */
bool vmt_call_seize(struct vmt_state *state);

#endif
