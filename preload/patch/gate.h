/* SPDX-License-Identifier: MIT */
/*
 * What gate.S and patch.c share: the stubs that patched call sites jump to,
 * and the two words each stub works with. A stub's words are filled in before
 * its site is patched and stay until the site's module is gone.
 */
#ifndef VMT_GATE_H
#define VMT_GATE_H

/* The kinds of stubs, in this order. glibc has 28 sites; the rest is for other modules. */
#define VMT_GATE_PLAIN_STUBS 240	/* sites whose mov was replaced */
#define VMT_GATE_CLONE_STUBS 8
#define VMT_GATE_MOVED_STUBS 16	/* …together with plain instructions behind it, which are moved to an entry */
#define VMT_GATE_KEPT_STUBS  24	/* sites whose mov was kept: see patch.c */
#define VMT_GATE_BRK_STUBS   1
#define VMT_GATE_CLONE_FIRST VMT_GATE_PLAIN_STUBS
#define VMT_GATE_MOVED_FIRST (VMT_GATE_CLONE_FIRST + VMT_GATE_CLONE_STUBS)
#define VMT_GATE_KEPT_FIRST  (VMT_GATE_MOVED_FIRST + VMT_GATE_MOVED_STUBS)
#define VMT_GATE_BRK_FIRST   (VMT_GATE_KEPT_FIRST + VMT_GATE_KEPT_STUBS)
#define VMT_GATE_STUBS	     (VMT_GATE_BRK_FIRST + VMT_GATE_BRK_STUBS)
#define VMT_GATE_STUB_SIZE   32
#define VMT_GATE_MOVED_MAX   11	/* bytes of them */

/*
 * What the library may need of a stack, at most: that much must lie below the program's stack pointer
 * where the program's stack is used.
 */
#define VMT_ROOM 12288

/* From vmt_call_on_own_stack, no result of any call: let it be made where it belongs. */
#define VMT_MAKE_AT_SITE (-5000)
/* …or on the program's stack after all, on which there is room: ours are few, and not to be waited on. */
#define VMT_USE_PROGRAM_STACK (-5001)

/* Under a seccomp filter signals may not be blocked, or it may not be asked for fs. */
#define VMT_GATE_NO_MASK 1
#define VMT_GATE_NO_FS	 2

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

/* The entries of the stubs from VMT_GATE_MOVED_FIRST on, of the same size: moved instructions and a jump to the stub. */
extern const uint8_t vmt_gate_moved[];

/* Jumped to from within libc's _exit, with the status in edi. */
extern const uint8_t vmt_gate_exit[];

/* Jumped to from where a module makes exit_group or exit itself. */
extern const uint8_t vmt_gate_exit_group[];
extern const uint8_t vmt_gate_exit_thread[];

/* Of the thread that is at the last act, or about to ask whether it is due: where its storage lies. 0 = none. */
extern uint64_t vmt_gate_last_owner;

/* The end of the stack that it has for that; 0 = tracing has not begun. */
extern uint64_t vmt_gate_last_stack;

/* Address behind what was replaced at the site, 0 = the stub is free. */
extern uint64_t vmt_gate_return[VMT_GATE_STUBS];

/* The site's system call number. */
extern uint32_t vmt_gate_nr[VMT_GATE_STUBS];

/* Not 0: nothing is looked at any more, and each call is made where it belongs. */
extern uint32_t vmt_gate_is_aside;

/*
 * The system call instruction of libc's syscall(3), 0 = not found. It stands for one that was
 * overwritten: what follows it is what follows every plain call of libc's, `cmp $-4095, %rax;
 * jae` to where errno is set, `ret`.
 */
extern uint64_t vmt_gate_home;

/* The first of our own stacks (own_stack.h); NULL = none. */
extern struct vmt_own_stack *vmt_gate_own_stacks;

/* Where calls are noted that nobody has looked at. */
extern struct vmt_deferred *vmt_gate_deferred;

/* Calls that may not be made, since the program did not make them: VMT_GATE_NO_*. */
extern _Atomic uint32_t vmt_gate_is_strict;

/* Where brk's call goes on, and what the instruction before that loads into rdx. */
extern uint64_t vmt_gate_brk_site;
extern uint64_t vmt_gate_brk_rdx;

/* Make a system call by that instruction. As syscall(3): -1 and errno if it fails. */
long vmt_gate_call_home(long nr, const long args[6]);
#endif

#endif
