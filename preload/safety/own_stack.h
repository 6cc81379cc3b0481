/* SPDX-License-Identifier: MIT */
/*
 * Stacks of the library's own, for calls that are made where the program has no stack or a small
 * one: coroutines, signal stacks, a thread that has unmapped its stack. gate.S takes and leaves
 * them. Signals are blocked meanwhile: a handler of the program's must find the program's stack,
 * whose bounds it may know, and the kernel uses rsp to tell whether the alternate stack is in use.
 */
#ifndef VMT_OWN_STACK_H
#define VMT_OWN_STACK_H

#include "patch/gate.h"
#include "state/state.h"

#define VMT_OWN_STACKS 32u

/* This lies at the upper end of each stack. gate_macros.h has the offsets of its members. */
struct vmt_own_stack {
	_Alignas(64) _Atomic uint32_t is_busy; /* VMT_OWN_STACK_BUSY, or _FREE, or never was */
	uint32_t is_unblocked; /* the program's signal mask has been restored, and stays in force */
	const void *stub;
	uint64_t return_address;
	uint64_t mask; /* the program's signal mask */
	uint64_t result;
	long args[6];
	struct vmt_regs regs;
};

/* memory: VMT_OWN_STACKS * VMT_OWN_STACK_SIZE bytes, zeroed. */
void vmt_own_stack_open(struct vmt_state *state, void *memory);

/* Reads what the child will read, so that its page is mapped once, and not in each child. */
void vmt_own_stack_before_fork(void);

/* In a fork child: no stack is in use, except perhaps the one that this thread runs on. */
void vmt_own_stack_start_child(void);

bool vmt_own_stack_has(const void *address);

/* Do no other threads use any of them? */
bool vmt_own_stack_is_quiet(void);

/* Restore the program's signal mask, if it is not in force, until the stack is left. */
void vmt_own_stack_unblock(void);

/* Make the call with the program's signal mask in force. */
long vmt_own_stack_make(long nr, const long args[6]);

/*
 * Find out where the calling thread's stack has room for the library; sp is the program's. Only the
 * thread's own stack is sure to have it, since the thread keeps that as long as it lives. Any other
 * stack may be small, however large its map is.
 */
void vmt_own_stack_find_room(const struct vmt_state *state, uint64_t sp);

/* The alternate stack may have been moved into the thread's stack: find out anew. */
void vmt_own_stack_forget_room(void);

#endif
