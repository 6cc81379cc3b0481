/* SPDX-License-Identifier: MIT */
/*
 * What the parts of the library share. Nothing here may be used by the tools.
 *
 * The house rules inside somebody else's process: raw system calls only; no malloc, stdio,
 * pthread locks or dlsym once started; no vector registers (the whole library is
 * compiled with -mgeneral-regs-only, since the call-site stubs do not save them);
 * async-signal-safe throughout; no fatal error of our own.
 */
#ifndef VMT_SHIM_H
#define VMT_SHIM_H

#include <errno.h> /* declares the first of the two below, link.h the other, as clang demands */
#include <link.h>

#include "core/base/base.h"

/*
 * Their addresses are NULL before this library is relocated. Weak wherever they are used, or no
 * such question is asked.
 */
#pragma weak __errno_location
#pragma weak dl_iterate_phdr

#define VMT_EXPORT __attribute__((visibility("default")))

/* Every writable variable of the library: a .bss would become one map with its neighbour's. */
#define VMT_DATA __attribute__((section(".data")))

/* The registers an unwinder needs, at the moment a call is made. */
struct vmt_regs {
	uint64_t pc; /* an address inside the calling function, not a return address */
	uint64_t sp;
	uint64_t bp;
	uint64_t bx;
	uint64_t r12;
	uint64_t r13;
	uint64_t r14;
	uint64_t r15;
};

#define VMT_WALK_TRUNCATED UINT32_C(1)

/* Return addresses, innermost caller first. */
struct vmt_walk {
	uint32_t count;
	uint32_t flags;
	uint32_t recalled; /* of these, remembered from an earlier walk */
	uint64_t hash; /* of the pcs, by vmt_callsites_hash() from 0 */
	uint64_t pc[VMT_FRAMES_MAX];
};

/*
 * The one place where all doors end: make system call nr and account for what
 * it does to the maps. regs: where the call is made from. Returns the kernel's result, -errno on
 * failure; does not touch errno. Safe in signal handlers, threads, before the constructor and in
 * fork children. Calls that are not about maps are passed through.
 */
long vmt_call(long nr, const long args[6], const struct vmt_regs *regs);

/* What vmt_call is on the stack that it is called on; and on one of our own (own_stack.h). */
long vmt_call_on_program_stack(long nr, const long args[6], const struct vmt_regs *regs);
long vmt_call_on_own_stack(long nr, const long args[6], const struct vmt_regs *regs);

/* Were maps registered with this userfaultfd? Then its close is a call to be accounted for. */
bool vmt_user_args_is_userfault(int fd);

/* The program is about to close its standard error, in a function called with these registers. */
void vmt_keep_error(const struct vmt_regs *regs);

/* The program is about to change its root or its user: names may lead nowhere afterwards. */
void vmt_keep_before_leaving(void);

/* exit_group(2), after writing the report; called instead of libc's _exit. */
_Noreturn void vmt_last_act(int status);

/*
 * Is the last act the calling thread's to make? Then the end of a stack for it, otherwise 0: it is
 * over, or this is a vfork child. Waits while another thread is at it. Takes 200 bytes of stack.
 */
uint64_t vmt_last_claim(void);
_Noreturn void vmt_last_act_claimed(int status);

/* exit(2) is about to be made: the last act, if this is the only thread. */
void vmt_last_thread(int status, uint64_t storage);

/* In a fork child: whoever was at it is the parent's. */
void vmt_last_forget(void);

/*
 * Walk the stack from regs. The first frame returned is the caller of the
 * function that regs->pc lies in; frames of this library are left out. Never faults on code that
 * cannot be read.
 */
void vmt_unwind(const struct vmt_regs *regs, struct vmt_walk *ret_stack);

/* The same without what is remembered of earlier walks, for comparison. */
void vmt_unwind_plain(const struct vmt_regs *regs, struct vmt_walk *ret_stack);

/*
 * Do the frames of the stack from regs on lie over `addr`, and is none of them this library's? Then
 * what had its frame there is gone. On an alternate stack the one that the signal has interrupted
 * is looked at.
 */
bool vmt_unwind_lies_over(const struct vmt_regs *regs, uint64_t addr);

/* Code was unmapped or replaced: forget what is cached of it. */
void vmt_unwind_forget(void);

/* Give the unwinder memory for its cache (zeroed, private); before that it works uncached. */
void vmt_unwind_set_cache(void *memory, size_t bytes);

/* The readable map that sp lies in, for the current thread; false if it cannot be told. */
bool vmt_bounds_of(uint64_t sp, struct vmt_range *ret_bounds);

/* What is known of the bounds already, whatever sp is; the range may be empty. */
struct vmt_range vmt_bounds_kept(void);

/*
 * Ask again next time: the answer is kept for the thread, and part of that map may be gone since.
 */
void vmt_bounds_forget(void);

/* Fill regs with the registers of the function this is written in. */
#define VMT_REGS_HERE(regs)                        \
	__asm__ volatile("lea 0(%%rip), %%rax\n\t" \
			 "mov %%rax, 0(%0)\n\t"    \
			 "mov %%rsp, 8(%0)\n\t"    \
			 "mov %%rbp, 16(%0)\n\t"   \
			 "mov %%rbx, 24(%0)\n\t"   \
			 "mov %%r12, 32(%0)\n\t"   \
			 "mov %%r13, 40(%0)\n\t"   \
			 "mov %%r14, 48(%0)\n\t"   \
			 "mov %%r15, 56(%0)\n\t"   \
			 :                         \
			 : "r"(regs)               \
			 : "rax", "memory")

#endif
