/* SPDX-License-Identifier: MIT */
/*
 * The gates of clone and clone3 (x86-64), which start threads and processes. A child begins where the
 * call was made, so no stack may be used until it is certain that there is none. gate.S says what
 * stubs are.
 */
#include "patch/gate_macros.h"

	.section .text.hot, "ax", @progbits
/*
 * A new thread, or a child on a stack of its own, must start where the kernel puts it: make the
 * call with the site's own syscall instruction. A child that gets a copy of this stack can return
 * through vmt_call like its parent.
 */
	.p2align 4
	.globl	vmt_gate_clone
	.type	vmt_gate_clone, @function
vmt_gate_clone:
	.cfi_startproc
	.cfi_def_cfa rsp, 0
	CFI_RETURN_BY(0x72, STUB_DISP, STUB_END)
	test	$CLONE_VM, %edi
	jnz	1f
	test	%rsi, %rsi
	jz	vmt_gate
	jmp	2f
	/* The new thread will share this one's storage: remember nothing there from now on. */
1:	test	$(CLONE_SETTLS | CLONE_VFORK), %edi
	jnz	2f
	mov	vmt_this_thread@gottpoff(%rip), %r11
	movb	$1, %fs:VMT_THREAD_SHARED(%r11)
	movl	$0, %fs:VMT_THREAD_PID(%r11)
	movq	$0, %fs:VMT_THREAD_ROOM(%r11)
	movq	$0, %fs:VMT_THREAD_ROOM+8(%r11)
2:	mov	STUB_DISP(%rcx), %eax
	mov	STUB_END(%rcx,%rax), %r11
	.cfi_register rip, r11
	sub	$2, %r11
	mov	$NR_CLONE, %eax
	notrack jmp *%r11
	.cfi_endproc
	.size	vmt_gate_clone, . - vmt_gate_clone

/*
 * clone3 is looked at only when it has failed. The stub makes it, without a stack: a child begins
 * there with a stack of its own, and goes on to the site as its parent does.
 */
	.p2align 4
	.globl	vmt_gate_clone3
	.type	vmt_gate_clone3, @function
vmt_gate_clone3:
	.cfi_startproc
	.cfi_def_cfa rsp, 0
	CFI_RETURN_BY(0x72, STUB_DISP, STUB_END)
	cmpl	$0, vmt_gate_is_aside(%rip)
	je	vmt_gate_by_stub
	mov	STUB_DISP(%rcx), %eax
	mov	STUB_END(%rcx,%rax), %r11
	.cfi_register rip, r11
	sub	$2, %r11
	mov	$NR_CLONE3, %eax
	notrack jmp *%r11
	.cfi_endproc
	.size	vmt_gate_clone3, . - vmt_gate_clone3

/* The stub has made the call; rcx = where the site continues, rdi = its arguments. */
	.p2align 4
	.globl	vmt_gate_cloned
	.type	vmt_gate_cloned, @function
vmt_gate_cloned:
	.cfi_startproc
	.cfi_def_cfa rsp, 0
	.cfi_register rip, rcx
	cmp	$ERROR_EAGAIN, %rax
	je	1f
	cmp	$ERROR_ENOMEM, %rax
	jne	3f
1:	testl	$CLONE_THREAD, (%rdi) /* the kernel has read it, too */
	jz	2f
	lock incq vmt_gate_refused+8*VMT_GATE_REFUSED_THREADS(%rip)
	jmp	4f
2:	lock incq vmt_gate_refused+8*VMT_GATE_REFUSED_FORKS(%rip)
4:	NEED_ROOM 3f
	lea	-RED_ZONE(%rsp), %rsp
	.cfi_def_cfa_offset RED_ZONE
	push	%rcx
	.cfi_def_cfa_offset TO_RETURN
	.cfi_offset rip, -TO_RETURN
	push	%rbp
	.cfi_def_cfa_offset TO_RBP
	.cfi_offset rbp, -TO_RBP
	mov	%rsp, %rbp
	.cfi_def_cfa_register rbp
	push	%rax
	push	%rdi
	push	%rsi
	push	%rdx
	push	%r10
	push	%r8
	push	%r9
	mov	%rax, %rdi
	and	$-16, %rsp
	call	vmt_refused_by_clone
	lea	-7*8(%rbp), %rsp
	pop	%r9
	pop	%r8
	pop	%r10
	pop	%rdx
	pop	%rsi
	pop	%rdi
	pop	%rax
	pop	%rbp
	.cfi_def_cfa rsp, TO_RETURN
	.cfi_restore rbp
	POP_RETURN
3:	.cfi_def_cfa rsp, 0
	.cfi_restore rbp
	.cfi_register rip, rcx
	notrack jmp *%rcx
	.cfi_endproc
	.size	vmt_gate_cloned, . - vmt_gate_cloned

	.data
	.p2align 6
	.globl	vmt_gate_refused
	.type	vmt_gate_refused, @object
vmt_gate_refused:
	.zero	8 * 2
	.size	vmt_gate_refused, . - vmt_gate_refused

	.section .note.GNU-stack, "", @progbits
