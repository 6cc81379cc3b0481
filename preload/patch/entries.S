/* SPDX-License-Identifier: MIT */
/*
 * The other entries (x86-64): the wrappers' calls, syscall(3), and the ways to exit. gate.S
 * explains which stack they use.
 */
#include "patch/gate_macros.h"

	.section .text.hot, "ax", @progbits
/* long vmt_call(long nr, const long args[6], const struct vmt_regs *regs): the wrappers' entry. */
	.p2align 4
	.globl	vmt_call
	.type	vmt_call, @function
vmt_call:
	.cfi_startproc
	NEED_ROOM .Lcall_far
	mov	%rsp, %rax
	sub	(%rsi), %rax
	mov	8(%rsi), %r11
	add	$VMT_ROOM, %r11
	cmp	%r11, %rax
	jb	.Lcall_far
	jmp	vmt_call_on_program_stack
.Lcall_far:
	cmp	$NR_EXECVE, %edi /* exec does not return, so it would never leave a stack of ours */
	je	vmt_call_on_program_stack
	cmp	$NR_EXECVEAT, %edi
	je	vmt_call_on_program_stack
	cmpl	$PHASE_ON, vmt_phase(%rip)
	jne	vmt_call_on_program_stack
	testl	$VMT_GATE_NO_MASK, vmt_gate_is_strict(%rip)
	jnz	vmt_call_on_program_stack
	CLAIM_STACK vmt_call_on_program_stack
	mov	%rsp, SLOT_SP(%r11)
	mov	%rbp, SLOT_RBP(%r11)
	mov	%r11, %rbp
	CFI_CFA_IN_SLOT(8)
	CFI_RBP_IN_SLOT
	mov	%rdi, SLOT_RESULT(%rbp)
	mov	%rdi, SLOT_ARGS+16(%rbp)
	mov	%rsi, SLOT_ARGS(%rbp)
	mov	%rdx, SLOT_ARGS+8(%rbp)
	BLOCK_SIGNALS
	mov	SLOT_RESULT(%rbp), %rdi
	mov	SLOT_ARGS(%rbp), %rsi
	mov	SLOT_ARGS+8(%rbp), %rdx
	CALL_ON_OWN_STACK
	mov	SLOT_RESULT(%rbp), %rax
	mov	SLOT_ARGS+16(%rbp), %rdi
	mov	SLOT_ARGS(%rbp), %rsi
	mov	SLOT_ARGS+8(%rbp), %rdx
	mov	%rbp, %r11
	mov	SLOT_RBP(%rbp), %rbp
	.cfi_def_cfa rsp, 8
	.cfi_restore rbp
	movl	$VMT_OWN_STACK_FREE, SLOT_BUSY(%r11)
	cmp	$VMT_USE_PROGRAM_STACK, %rax
	je	vmt_call_on_program_stack
	ret
	.cfi_endproc
	.size	vmt_call, . - vmt_call

/* Stands in for _exit: entered by a jump from within it, with the status in edi. */
	.p2align 4
	.globl	vmt_gate_exit
	.type	vmt_gate_exit, @function
vmt_gate_exit:
	.cfi_startproc
	NEED_ROOM .Lexit_far
	push	%rbp
	.cfi_def_cfa_offset 16
	.cfi_offset rbp, -16
	mov	%rsp, %rbp
	.cfi_def_cfa_register rbp
	and	$-16, %rsp
	call	vmt_last_act
	hlt
.Lexit_far:
	.cfi_def_cfa rsp, 8
	.cfi_restore rbp
	cmpl	$0, vmt_gate_is_aside(%rip)
	jne	.Lexit_here
	mov	%edi, %ebx /* nothing returns from here, so all registers are free */
	CLAIM_STACK .Lexit_bare, 0
	mov	%r11, %rsp
	mov	%r11, %rbp
	.cfi_undefined rip
	call	vmt_last_claim
	movl	$VMT_OWN_STACK_FREE, SLOT_BUSY(%rbp) /* now, because a vfork child shares its parent's memory */
	mov	%ebx, %edi
	test	%rax, %rax
	jz	.Lexit_bare
	mov	%rax, %rsp
	call	vmt_last_act_claimed
	hlt
.Lexit_bare:
	mov	$NR_EXIT_GROUP, %eax
	jmp	vmt_gate_no_return
.Lexit_here:
	.cfi_def_cfa rsp, 8
	call	vmt_last_act
	hlt
	.cfi_endproc
	.size	vmt_gate_exit, . - vmt_gate_exit

/*
 * A module's own exit_group, with the status in edi. The stack may belong to a goroutine, with room
 * for a few hundred bytes. That is enough to ask whether the last act is due; the last act has a
 * stack of its own.
 */
	.p2align 4
	.globl	vmt_gate_exit_group
	.type	vmt_gate_exit_group, @function
vmt_gate_exit_group:
	.cfi_startproc
	.cfi_undefined rip
	cmpl	$0, vmt_gate_is_aside(%rip)
	jne	1f
	mov	%edi, %ebx /* nothing returns from here, so all registers are free */
	and	$-16, %rsp
	call	vmt_last_claim
	mov	%ebx, %edi
	test	%rax, %rax
	jz	1f
	mov	%rax, %rsp
	call	vmt_last_act_claimed
	hlt
1:	mov	$NR_EXIT_GROUP, %eax
	jmp	vmt_gate_no_return
	.cfi_endproc
	.size	vmt_gate_exit_group, . - vmt_gate_exit_group

/*
 * A module's own exit of a thread, with the status in edi. Another thread may own this stack by
 * now, so nothing is written to it.
 */
	.p2align 4
	.globl	vmt_gate_exit_thread
	.type	vmt_gate_exit_thread, @function
vmt_gate_exit_thread:
	.cfi_startproc
	.cfi_undefined rip
	mov	%edi, %ebx /* nothing returns from here, so all registers are free */
	cmpl	$0, vmt_gate_is_aside(%rip)
	jne	.Lend
	testl	$VMT_GATE_NO_FS, vmt_gate_is_strict(%rip)
	jnz	.Lend
	CLAIM_STACK .Lend, VMT_GATE_NO_FS
	/* fs:0 may have been unmapped together with the stack: ask the kernel for its address. */
	mov	%r11, %rbp
	mov	$NR_ARCH_PRCTL, %eax
	mov	$ARCH_GET_FS, %edi
	lea	SLOT_RESULT(%rbp), %rsi
	syscall
	mov	SLOT_RESULT(%rbp), %rcx
	movl	$VMT_OWN_STACK_FREE, SLOT_BUSY(%rbp)
	test	%eax, %eax
	jnz	.Lend
	mov	vmt_gate_last_stack(%rip), %rdx
	test	%rdx, %rdx
	jz	.Lend
	mov	vmt_gate_last_owner(%rip), %r13
	xor	%eax, %eax
	lock cmpxchg %rcx, (%r13)
	jne	.Lend
	mov	%rsp, %r12
	mov	%rdx, %rsp
	mov	%ebx, %edi
	mov	%rcx, %rsi
	call	vmt_last_thread /* calls exit itself if this was the last thread */
	mov	%r12, %rsp
	movq	$0, (%r13)
.Lend:	mov	%ebx, %edi
	mov	$NR_EXIT, %eax
	jmp	vmt_gate_no_return
	.cfi_endproc
	.size	vmt_gate_exit_thread, . - vmt_gate_exit_thread

/* Use libc's instruction where ours is not allowed. */
	.p2align 4
	.type	vmt_gate_no_return, @function
vmt_gate_no_return:
	.cfi_startproc
	.cfi_undefined rip
	cmpl	$0, vmt_gate_is_aside(%rip)
	je	1f
	mov	vmt_gate_libc_syscall(%rip), %rcx
	test	%rcx, %rcx
	jz	1f
	notrack jmp *%rcx
1:	syscall
	hlt
	.cfi_endproc
	.size	vmt_gate_no_return, . - vmt_gate_no_return

/*
 * syscall(3). A call that does not concern us is left to libc by a jump, with the stack unchanged,
 * since a child of vfork, or a child on a stack of its own, returns from it. The six arguments are
 * in the places where a C function with seven parameters has them.
 */
	.p2align 4
	.globl	syscall
	.type	syscall, @function
syscall:
	.cfi_startproc
	cmp	$512, %rdi
	jae	.Lnext
	lea	vmt_wrappers_kinds(%rip), %rax
	movzbl	(%rax,%rdi), %eax
	test	%eax, %eax
	jz	.Lnext
	cmp	$NR_EXIT_GROUP, %edi
	je	.Lexit
	cmp	$NR_CLONE, %edi
	jne	vmt_wrappers_ours
	test	$CLONE_VM, %esi
	jnz	.Lnext
	test	%rdx, %rdx
	jz	vmt_wrappers_ours
.Lnext:	mov	vmt_next(%rip), %rax /* the first member of vmt_next: syscall */
	test	%rax, %rax
	jz	vmt_wrappers_unresolved
	notrack jmp *%rax
.Lexit:	mov	%esi, %edi
	jmp	vmt_gate_exit
	.cfi_endproc
	.size	syscall, . - syscall

	.section .note.GNU-stack, "", @progbits
