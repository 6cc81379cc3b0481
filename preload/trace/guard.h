/* SPDX-License-Identifier: MIT */
/*
 * The lock around the table, and what entering and leaving it involves: if the last holder has
 * gone, the table is repaired; calls that were made without the lock meanwhile are applied.
 */
#ifndef VMT_GUARD_H
#define VMT_GUARD_H

#include "state/state.h"

/*
 * For a call of the program, which was made with these registers. patient: wait for the holder as
 * long as lock.h allows; otherwise do not wait. Returns false if the lock was not taken.
 */
bool vmt_guard_enter_for(struct vmt_state *state, const struct vmt_regs *regs, bool patient);

/* For work that is not a call of the program. */
bool vmt_guard_enter(struct vmt_state *state, bool patient);
void vmt_guard_leave(struct vmt_state *state);

/* In a fork child, where the parent's other threads do not exist: take the lock, whoever held it.
 */
void vmt_guard_enter_alone(struct vmt_state *state);

/* At exit: take the lock even if this thread holds it already, in a frame that it has interrupted
 * and will not return to. */
bool vmt_guard_seize(struct vmt_state *state);

#endif
