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

/* The calling thread's id, cached. */
uint32_t vmt_call_thread_id(void);

#endif
