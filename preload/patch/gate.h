/* SPDX-License-Identifier: MIT */
/*
 * Shared by gate.S and the C code: the stubs that patched call sites jump to, and the two words
 * that each stub works with. A stub's words are set before its site is patched, and stay until the
 * site's module is gone.
 */
#ifndef VMT_GATE_H
#define VMT_GATE_H

/*
 * The kinds of stubs, in the order in which they are laid out. glibc has 28 sites; the rest is for
 * other modules.
 */
#define VMT_GATE_PLAIN_STUBS 240 /* sites whose mov was replaced */
#define VMT_GATE_CLONE_STUBS 8
#define VMT_GATE_CLONE3_STUBS 4
/* sites whose mov was replaced together with plain instructions after it, which are moved */
#define VMT_GATE_MOVED_STUBS 16
#define VMT_GATE_KEPT_STUBS  24 /* sites whose mov was kept, see patch.c */
#define VMT_GATE_BRK_STUBS   1
#define VMT_GATE_CLONE_FIRST VMT_GATE_PLAIN_STUBS
#define VMT_GATE_CLONE3_FIRST (VMT_GATE_CLONE_FIRST + VMT_GATE_CLONE_STUBS)
#define VMT_GATE_MOVED_FIRST (VMT_GATE_CLONE3_FIRST + VMT_GATE_CLONE3_STUBS)
#define VMT_GATE_KEPT_FIRST  (VMT_GATE_MOVED_FIRST + VMT_GATE_MOVED_STUBS)
#define VMT_GATE_BRK_FIRST   (VMT_GATE_KEPT_FIRST + VMT_GATE_KEPT_STUBS)
#define VMT_GATE_STUBS	     (VMT_GATE_BRK_FIRST + VMT_GATE_BRK_STUBS)
#define VMT_GATE_STUB_SIZE   32
#define VMT_GATE_MOVED_MAX   11 /* the most bytes that are moved */

/*
 * The most stack that the library may need: if the program's stack is used, at least this much must
 * lie below its stack pointer.
 */
#define VMT_ROOM 12288

/* vmt_call_on_own_stack() returns this, which is no call's result: make the call at the site. */
#define VMT_MAKE_AT_SITE (-5000)
/*
 * vmt_call_on_own_stack() returns this: there is room on the program's stack, so make the call
 * there. The library's own stacks are few, and a thread must not wait for one.
 */
#define VMT_USE_PROGRAM_STACK (-5001)

/*
 * Stacks of the library's own: their size, and the values of is_busy; 0 = not used so far. The first
 * that is not busy is taken, so those behind one that was never used were never used either.
 */
#define VMT_OWN_STACK_SIZE 32768
#define VMT_OWN_STACK_BUSY 1
#define VMT_OWN_STACK_FREE 2

/* A seccomp filter may kill for blocking signals, or for asking for fs. */
#define VMT_GATE_NO_MASK 1
#define VMT_GATE_NO_FS	 2

/* What vmt_gate_refused counts. */
#define VMT_GATE_REFUSED_THREADS 0
#define VMT_GATE_REFUSED_FORKS	 1

/* Offsets in struct vmt_thread and struct vmt_deferred. */
#define VMT_THREAD_ROOM	  16
#define VMT_THREAD_PID	  4
#define VMT_THREAD_SHARED 42
#define VMT_DEFERRED_OVERFLOW 88
#define VMT_DEFERRED_DROPPED  80
#define VMT_DEFERRED_PENDING	  72

#ifndef __ASSEMBLER__
#include <stdint.h>

/* VMT_GATE_STUBS stubs, VMT_GATE_STUB_SIZE bytes each. */
extern const uint8_t vmt_gate_stubs[];

/*
 * The entries of the stubs from VMT_GATE_MOVED_FIRST on, each as large as a stub: moved
 * instructions and a jump to the stub.
 */
extern const uint8_t vmt_gate_moved[];

/* The target of a jump from within libc's _exit, with the status in edi. */
extern const uint8_t vmt_gate_exit[];

/* The targets of jumps from where a module makes exit_group or exit itself. */
extern const uint8_t vmt_gate_exit_group[];
extern const uint8_t vmt_gate_exit_thread[];

/*
 * Where the address of the storage of the thread is noted that makes the last act, or is about to
 * ask whether it is due. 0 = none.
 */
extern uint64_t *vmt_gate_last_owner;

/* The end of the stack for that thread; 0 = tracing has not begun. */
extern uint64_t vmt_gate_last_stack;

/* The address after the replaced bytes of the site; 0 = the stub is free. */
extern uint64_t vmt_gate_return[VMT_GATE_STUBS];

/* The site's system call number. */
extern uint32_t vmt_gate_nr[VMT_GATE_STUBS];

/* Not 0: the library has stepped aside, and each call is made at its site. */
extern uint32_t vmt_gate_is_aside;

/*
 * The system call instruction of libc's syscall(3); 0 = not found. It is used in place of an
 * overwritten one: the instructions after it are those that follow every plain call in libc: `cmp
 * $-4095, %rax; jae` to where errno is set, then `ret`.
 */
extern uint64_t vmt_gate_libc_syscall;

/* The first of the library's own stacks (own_stack.h), NULL = none; and where the last one ends. */
extern struct vmt_own_stack *vmt_gate_own_stacks;
extern uint64_t vmt_gate_own_stacks_end;

/* Where calls are noted that were made without anybody looking at their effect. */
extern struct vmt_deferred *vmt_gate_deferred;

/* Calls that the library must not make under the program's filter: VMT_GATE_NO_*. */
extern _Atomic uint32_t vmt_gate_is_strict;

/* Threads and processes that the kernel did not start (EAGAIN, ENOMEM). */
extern uint64_t vmt_gate_refused[2];

/* Where brk's site continues, and the value that the instruction before that loads into rdx. */
extern uint64_t vmt_gate_brk_site;
extern uint64_t vmt_gate_brk_rdx;

/*
 * Make a system call with the instruction at vmt_gate_libc_syscall. Like syscall(3), it returns -1 and sets
 * errno on failure.
 */
long vmt_gate_call_libc_syscall(long nr, const long args[6]);
#endif

#endif
