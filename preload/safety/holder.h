/* SPDX-License-Identifier: MIT */
/*
 * Finds out things about the thread that holds the lock (lock.h), without using a descriptor: the
 * lowest free number belongs to the program.
 */
#ifndef VMT_HOLDER_H
#define VMT_HOLDER_H

#include "state/state.h"

/* Members of struct vmt_lock_ops; they do not use the context. */
bool vmt_holder_is_alive(void *context, uint32_t thread);
uint64_t vmt_holder_ran(void *context, uint32_t thread);
bool vmt_holder_may_stand(void *context);
bool vmt_holder_has_left(void *context, uint64_t held, uint64_t place);

/*
 * The place where a holder took the lock, for lock.h: the address of its registers, marked with
 * this bit, or its stack pointer. Both are in its frames. A holder on one of our own stacks is
 * never interrupted.
 */
#define VMT_PLACE_HAS_REGS UINT64_C(1)

/* The program makes system call nr: remember if its threads send each other signals. */
void vmt_holder_note_signal(struct vmt_state *state, long nr, const long args[6]);

#endif
