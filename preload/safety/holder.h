/* SPDX-License-Identifier: MIT */
/*
 * What can be found out about the thread that holds the lock (lock.h), without a descriptor: the
 * one that is free next belongs to the program.
 */
#ifndef VMT_HOLDER_H
#define VMT_HOLDER_H

#include "state/state.h"

/* Members of struct vmt_lock_ops; the context is not used. */
bool vmt_holder_is_alive(void *context, uint32_t thread);
uint64_t vmt_holder_ran(void *context, uint32_t thread);
bool vmt_holder_may_stand(void *context);
bool vmt_holder_has_left(void *context, uint64_t held, uint64_t place);

/*
 * Where a holder entered, for lock.h: the address of its registers, marked, or its stack pointer.
 * Both lie where its frames are; a holder on one of our own stacks is not interrupted.
 */
#define VMT_PLACE_HAS_REGS UINT64_C(1)

static inline uint64_t vmt_holder_place(const struct vmt_regs *regs)
{
	return (uint64_t)(uintptr_t)regs | VMT_PLACE_HAS_REGS;
}

/* The program makes system call nr: remember whether its threads send signals to each other. */
void vmt_holder_note_signal(struct vmt_state *state, long nr, const long args[6]);

#endif
