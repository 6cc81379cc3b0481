/* SPDX-License-Identifier: MIT */
/*
 * Declarations that the parts of the library share. The tools must not use any of them.
 *
 * The house rules inside somebody else's process: raw system calls only; no malloc, stdio, pthread
 * locks or dlsym once started; no vector registers (the whole library is compiled with
 * -mgeneral-regs-only, since the call-site stubs do not save them); async-signal-safe throughout;
 * no fatal error of our own.
 */
#ifndef VMT_SHIM_H
#define VMT_SHIM_H

/* errno.h declares the first symbol below, link.h the second; clang wants both declared */
#include <errno.h>
#include <link.h>

#include "core/base/base.h"

/*
 * Their addresses are NULL before this library is relocated. They have to be weak in every file
 * that uses them; otherwise the compiler assumes that they are not NULL.
 */
#pragma weak __errno_location
#pragma weak dl_iterate_phdr

#define VMT_EXPORT __attribute__((visibility("default")))

/*
 * Every writable variable of the library needs this: a .bss would merge with the neighbouring map.
 */
#define VMT_DATA __attribute__((section(".data")))

/* The registers that an unwinder needs, as they are when a call is made. */
struct vmt_regs {
	uint64_t pc; /* an address inside the calling function; not a return address */
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
	uint32_t recalled; /* how many of these were remembered from an earlier walk */
	bool has_signal; /* it leads through a signal handler */
	bool is_doubtful; /* the same C frames may belong to other lines later */
	/* how the script's frames are found, as a distance from sp; see script/python.h */
	uint32_t anchor;
	uint64_t hash; /* vmt_pc_hash() of the pcs, from 0 */
	uint64_t script; /* a hash of the script's frames; 0 = there are none */
	uint64_t sp; /* where the walk began */
	uint64_t pc[VMT_FRAMES_MAX];
	uint32_t slot[VMT_FRAMES_MAX]; /* where each pc was found, as a distance from sp */
};

/*
 * All doors end here: make system call nr, and account for what it does to the maps. regs: the
 * registers at the place of the call. Returns the kernel's result, -errno on failure; does not
 * touch errno. Safe in signal handlers, in threads, before the constructor, and in fork children.
 * Calls that cannot change maps are passed through.
 */
long vmt_call(long nr, const long args[6], const struct vmt_regs *regs);

/* vmt_call() on the stack it is called on, and on one of the library's own stacks (own_stack.h). */
long vmt_call_on_program_stack(long nr, const long args[6], const struct vmt_regs *regs);
long vmt_call_on_own_stack(long nr, const long args[6], const struct vmt_regs *regs);

/* To be called once the remedies are known, before the first call is recorded. */
void vmt_call_prepare(bool is_under_memcheck);

/* Were maps registered with this userfaultfd? Then closing it may change maps. */
bool vmt_user_args_is_userfault(int fd);

/* The program is about to close its standard error, in a function called with these registers. */
void vmt_keep_error(const struct vmt_regs *regs);

/*
 * The program is about to change its root or its user; paths may become unreachable then. A wrapper
 * makes this "call" first in a fork child that has made no memory call, whose recording is made then.
 */
#define VMT_CALL_BEFORE_LEAVING SYS_getpid
void vmt_keep_before_leaving(void);

/* Write the report, then call exit_group(2). Called instead of libc's _exit. */
_Noreturn void vmt_last_act(int status);

/*
 * Is it for the calling thread to make the last act? Then returns the end of a stack for it,
 * otherwise 0: it has been made, or this is a vfork child. Waits while another thread is making it.
 * Takes 200 bytes of stack.
 */
uint64_t vmt_last_claim(void);
_Noreturn void vmt_last_act_claimed(int status);

/* exit(2) is about to be called: make the last act if this is the only thread. */
void vmt_last_thread(int status, uint64_t storage);

/*
 * In a fork child: if a thread was making the last act, it was the parent's. This is the first time
 * that the child touches the page of vmt_alive: a page that is read before it is written faults
 * twice.
 */
void vmt_last_forget(void);

/*
 * Walk the stack from regs. The first frame returned is the caller of the function that contains
 * regs->pc; frames of this library are left out. Never faults on code that cannot be read.
 */
void vmt_unwind(const struct vmt_regs *regs, struct vmt_walk *ret_stack);

/* Walk without using stacks remembered earlier, for comparison. */
void vmt_unwind_plain(const struct vmt_regs *regs, struct vmt_walk *ret_stack);

/*
 * Do the frames of the stack from regs on lie over `addr`, and is none of them this library's? Then
 * whatever had its frame at addr has been left. On an alternate stack, the stack that the signal
 * interrupted is examined.
 */
bool vmt_unwind_lies_over(const struct vmt_regs *regs, uint64_t addr);

/* Code was unmapped or replaced: drop what is cached about it; or all that is cached. */
void vmt_unwind_forget_in(struct vmt_range gone);
void vmt_unwind_forget(void);

/* Give the unwinder memory for its cache (zeroed, private). Until then it works without a cache. */
void vmt_unwind_set_cache(void *memory, size_t bytes);

/* Find the readable map that contains sp, for the current thread; false if that cannot be told. */
bool vmt_bounds_of(uint64_t sp, struct vmt_range *ret_bounds);

/* Drop the bounds remembered for this thread (vmt_thread_stack), since part of that map may be gone. */
void vmt_bounds_forget(void);

/* Fill regs with the registers of the function that uses this macro. */
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
