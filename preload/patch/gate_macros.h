/* SPDX-License-Identifier: MIT */
/* Constants and macros shared by gate.S and entries.S. For the assembler only. */
#ifndef VMT_GATE_MACROS_H
#define VMT_GATE_MACROS_H

#include "patch/gate.h"

#ifdef __CET__
#include <cet.h>
#endif

#define CLONE_VM     0x100
#define CLONE_THREAD 0x10000
#define CLONE_VFORK  0x4000
#define CLONE_SETTLS 0x80000
#define NR_CLONE  56
#define NR_CLONE3 435
#define ERROR_EAGAIN (-11)
#define ERROR_ENOMEM (-12)
#define NR_BRK	  12
#define NR_EXIT	  60
#define NR_EXIT_GROUP 231
#define RED_ZONE  128
#define TO_RETURN (RED_ZONE + 8)
#define TO_RBP	  (TO_RETURN + 8)
#define SAVED	  (6 * 8 + 8 * 8) /* the size of the arguments and of struct vmt_regs, below rbp */

/*
 * Offsets in a stub: its system call instruction, the displacement of its return word, and the end
 * of that instruction, from which the displacement counts.
 */
#define STUB_CALL 12
#define STUB_DISP 17
#define STUB_END  21

/*
 * The offset, in an entry with moved instructions, of the word that holds the distance to the
 * return word.
 */
#define MOVED_WORD 16

/* Offsets of the members of struct vmt_own_stack. */
#define SLOT_BUSY   0
#define SLOT_UNBLOCKED 4
#define SLOT_STUB   8
#define SLOT_RETURN 16
#define SLOT_MASK   24
#define SLOT_RESULT 32
#define SLOT_ARGS   40
#define SLOT_REGS   88
#define SLOT_SP	    (SLOT_REGS + 8)
#define SLOT_RBP    (SLOT_REGS + 16)

#define PHASE_ON       2
#define NR_SIGPROCMASK 14
#define SIG_SETMASK    2
#define NR_EXECVE      59
#define NR_ARCH_PRCTL  158
#define ARCH_GET_FS    0x1003
#define NR_EXECVEAT    322

/*
 * DW_CFA_val_expression: rip = *(reg + to_end + (*(uint64_t *)(reg + to_disp) & 0xffffffff)), where
 * reg is 0x80 for rip itself and 0x72 for rcx. The displacement is positive, since .data lies
 * behind .text. DW_OP_deref_size is avoided because valgrind 3.19 does not read it.
 */
#define CFI_RETURN_BY(reg, to_disp, to_end)                                                        \
	.cfi_escape 0x16, 0x10, 13, reg, to_disp, 0x06, 0x0c, 0xff, 0xff, 0xff, 0xff, 0x1a, reg,   \
		to_end, 0x22, 0x06

/*
 * The same for an entry with moved instructions: with word = (rip & -32) + MOVED_WORD, the return
 * address is *(word + *word), wherever rip is.
 */
#define CFI_RETURN_BY_WORD_BEHIND                                                                  \
	.cfi_escape 0x16, 0x10, 17, 0x80, 0, 0x09, 0xe0, 0x1a, 0x23, MOVED_WORD, 0x80, 0, 0x09,    \
		0xe0, 0x1a, 0x23, MOVED_WORD, 0x06, 0x22, 0x06

/* On a stack of our own, whose address is in rbp: CFA = *(rbp + SLOT_SP) + above. */
#define CFI_CFA_IN_SLOT(above) .cfi_escape 0x0f, 6, 0x76, 0xe0, 0x00, 0x06, 0x23, above
/* DW_CFA_expression: the slot of that stack holds rip and rbp. */
#define CFI_RIP_IN_SLOT .cfi_escape 0x10, 0x10, 2, 0x76, SLOT_RETURN
#define CFI_RBP_IN_SLOT .cfi_escape 0x10, 0x06, 3, 0x76, 0xe8, 0x00

	/*
	 * Set r11 to a free stack of our own. Jump to `none` if there is none, or if signals may
	 * not be blocked. That is tested after the stack is taken: a thread that installs a filter
	 * first sets the flag, and then waits for all threads that have taken a stack.
	 */
	.macro CLAIM_STACK none, forbidden=VMT_GATE_NO_MASK	/* changes rax */
	mov	vmt_gate_own_stacks(%rip), %r11
1:	test	%r11, %r11
	jz	\none
	mov	$VMT_OWN_STACK_BUSY, %eax
	xchg	%eax, SLOT_BUSY(%r11)
	cmp	$VMT_OWN_STACK_BUSY, %eax
	jne	2f
	add	$VMT_OWN_STACK_SIZE, %r11
	cmp	vmt_gate_own_stacks_end(%rip), %r11
	jb	1b
	jmp	\none
2:	testl	$\forbidden, vmt_gate_is_strict(%rip)
	jz	3f
	movl	$VMT_OWN_STACK_FREE, SLOT_BUSY(%r11)
	jmp	\none
3:
	.endm

	/* rbp must be a stack of our own. Changes all registers that hold a call's arguments. */
	.macro BLOCK_SIGNALS
	movl	$0, SLOT_UNBLOCKED(%rbp)
	mov	$NR_SIGPROCMASK, %eax
	xor	%edi, %edi			/* SIG_BLOCK */
	lea	vmt_gate_all_signals(%rip), %rsi
	lea	SLOT_MASK(%rbp), %rdx
	mov	$8, %r10d
	syscall
	.endm

	.macro UNBLOCK_SIGNALS
	cmpl	$0, SLOT_UNBLOCKED(%rbp)
	jne	4f
	mov	$NR_SIGPROCMASK, %eax
	mov	$SIG_SETMASK, %edi
	lea	SLOT_MASK(%rbp), %rsi
	xor	%edx, %edx
	mov	$8, %r10d
	syscall
4:
	.endm

	/* Make a call on the stack of our own that is in rbp, then leave it; the result is in its slot. */
	.macro CALL_ON_OWN_STACK
	mov	%rbp, %rsp
	call	vmt_call_on_own_stack
	mov	SLOT_SP(%rbp), %rsp
	mov	%rax, SLOT_RESULT(%rbp)
	UNBLOCK_SIGNALS
	.endm

	/* Skip the red zone, and push the address where the stub's site continues. Changes eax and r11. */
	.macro PUSH_RETURN
	mov	STUB_DISP(%rcx), %eax
	mov	STUB_END(%rcx,%rax), %r11
	.cfi_register rip, r11
	lea	-RED_ZONE(%rsp), %rsp
	.cfi_def_cfa_offset RED_ZONE
	push	%r11
	.cfi_def_cfa_offset TO_RETURN
	.cfi_offset rip, -TO_RETURN
	.endm

	/* Go to where the stub's site continues, which PUSH_RETURN has pushed. Changes rcx. */
	.macro POP_RETURN
	pop	%rcx
	.cfi_def_cfa_offset RED_ZONE
	.cfi_register rip, rcx
	lea	RED_ZONE(%rsp), %rsp
	.cfi_def_cfa_offset 0
	notrack jmp *%rcx
	.endm

	/*
	 * The system call number of the stub whose address is in a register; that register then
	 * has 4 times the stub's index: stubs have 32 bytes each, numbers have 4. Changes rax.
	 */
	.macro STUB_NUMBER stub, stub32, to
	lea	vmt_gate_stubs(%rip), %rax
	sub	%rax, %\stub
	shr	$3, %\stub32
	lea	vmt_gate_nr(%rip), %rax
	mov	(%rax,%\stub), %\to
	.endm

	/* Jump to `far` unless rsp is where there certainly is room. Changes r11. */
	.macro NEED_ROOM far
	mov	vmt_this_thread@gottpoff(%rip), %r11
	cmp	%rsp, %fs:VMT_THREAD_ROOM(%r11)
	ja	\far
	cmp	%rsp, %fs:VMT_THREAD_ROOM+8(%r11)
	jbe	\far
	.endm

	.hidden	vmt_gate_all_signals
	.hidden	vmt_gate_stubs, vmt_gate_moved, vmt_gate_return, vmt_gate_nr, vmt_gate_exit
	.hidden	vmt_call, vmt_call_on_program_stack, vmt_call_on_own_stack, vmt_phase, vmt_this_thread
	.hidden	vmt_gate_own_stacks, vmt_gate_own_stacks_end, vmt_gate_is_strict
	.hidden	vmt_gate_deferred, vmt_last_act
	.hidden	vmt_gate_refused, vmt_refused_by_clone
	.hidden	vmt_gate, vmt_gate_brk, vmt_gate_by_stub, vmt_gate_clone, vmt_gate_clone3
	.hidden	vmt_gate_cloned
	.hidden	vmt_wrappers_ours, vmt_wrappers_unresolved
	.hidden	vmt_gate_exit_group, vmt_gate_exit_thread, vmt_gate_last_owner, vmt_gate_last_stack
	.hidden	vmt_last_claim, vmt_last_act_claimed, vmt_last_thread
	.hidden	vmt_wrappers_kinds, vmt_next
	.hidden	vmt_gate_is_aside, vmt_gate_libc_syscall, vmt_gate_brk_rdx, vmt_gate_call_libc_syscall

#endif
