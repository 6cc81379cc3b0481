/* SPDX-License-Identifier: MIT */
/*
 * Stacks of the library's own, for calls that are made where the program has none, or a small one:
 * coroutines, signal stacks, a thread that has unmapped its own. gate.S takes and leaves them.
 * Everything is blocked meanwhile: a handler of the program's must find the program's stack, whose
 * bounds it may know, and the kernel tells by rsp whether the alternate stack is in use.
 */
#ifndef VMT_OWN_STACK_H
#define VMT_OWN_STACK_H

#include "state/state.h"

#define VMT_OWN_STACKS     32u
#define VMT_OWN_STACK_SIZE (UINT64_C(32) * 1024)

/* At the upper end of each. gate.S knows where its members are. */
struct vmt_own_stack {
	_Alignas(64) _Atomic uint32_t is_busy;
	uint32_t is_unblocked; /* the program's signal mask is in force again, for good */
	struct vmt_own_stack *next;
	const void *stub;
	uint64_t return_address;
	uint64_t mask; /* the program's blocked signals */
	uint64_t result;
	long args[6];
	struct vmt_regs regs;
};

/* memory: VMT_OWN_STACKS * VMT_OWN_STACK_SIZE bytes, zeroed. */
void vmt_own_stack_open(struct vmt_state *state, void *memory);

/* A fork child has only the one that it runs on, if it does. */
void vmt_own_stack_start_child(void);

bool vmt_own_stack_has(const void *address);

/* Is none in use by others? */
bool vmt_own_stack_is_quiet(void);

/* Put the program's signal mask in force, if it is not, until the stack is left. */
void vmt_own_stack_unblock(void);

/* Make the call with the program's signal mask, if that is not in force. */
long vmt_own_stack_make(long nr, const long args[6]);

/*
 * Find out where the calling thread's stack has room for us, sp being the program's. That is for
 * sure on the thread's own stack only, which it keeps as long as it lives: any other may be small,
 * whatever map it lies in.
 */
void vmt_own_stack_find_room(const struct vmt_state *state, uint64_t sp);

/* The alternate stack may have moved into it. */
void vmt_own_stack_forget_room(void);

#endif
