/* SPDX-License-Identifier: MIT */
/*
 * The gate: the target of patched call sites (x86-64). A site was
 *
 * 	mov $NR, %eax; syscall		and becomes	jmp stub; syscall
 *
 * or, at the entry of a function in libc, where probes are put (patch.c explains why),
 *
 * 	mov $NR, %eax; syscall; cmp $-4095, %rax	becomes	mov $NR, %eax; jmp stub
 *
 * The stub does to the registers what the kernel would have done: the result goes to rax, rcx and
 * r11 are lost, and all others keep their values. (The C code behind vmt_call uses no vector
 * registers. The flags are lost, as every compiler assumes of a system call.) The red zone is left
 * alone. At the end the stub jumps behind the replaced bytes, with the flags that the replaced cmp
 * would have set.
 *
 * A system call needs no stack, so a stub begins without one. It uses the program's stack where
 * there is certainly room (struct vmt_thread) and the call does not take that memory away.
 * Otherwise it uses one of the library's own stacks (own_stack.h) with all signals blocked, since a
 * handler must find the program's stack. If no such stack is free, the stub makes the call itself.
 *
 * To an unwinder, a stub looks like a function called by the site's syscall instruction, at any
 * stack depth: CFA = the site's rsp, return address at CFA-136. Before the return address is
 * pushed, the unwind rule finds it as the stub does, through the displacement in the stub's last
 * but one instruction.
 */
#include "patch/gate_macros.h"

	.macro STUB index, gate, made=vmt_gate_unseen
	.p2align 5
	.cfi_startproc
	.cfi_def_cfa rsp, 0
	CFI_RETURN_BY(0x80, STUB_DISP, STUB_END)
9:	lea	9b(%rip), %rcx			/* 7 bytes */
	CFI_RETURN_BY(0x80, STUB_DISP - 7, STUB_END - 7)
	jmp	\gate
	.org	9b + STUB_CALL
	CFI_RETURN_BY(0x80, STUB_DISP - 12, STUB_END - 12)
	syscall
	CFI_RETURN_BY(0x80, STUB_DISP - 14, STUB_END - 14)
	mov	vmt_gate_return+8*\index(%rip), %rcx
	.cfi_register rip, rcx
	.org	9b + STUB_END
	jmp	\made
	.cfi_endproc
	.endm

/*
 * Where a site goes if instructions were moved from it: they run here, before the stub. To an
 * unwinder this looks like the stub. Wherever rip is, the word at the end tells how far away the
 * return address is.
 */
	.macro MOVED index
	.p2align 5
	.cfi_startproc
	.cfi_def_cfa rsp, 0
	CFI_RETURN_BY_WORD_BEHIND
9:	.fill	VMT_GATE_MOVED_MAX, 1, 0x90 /* stubs.c writes these; they use neither rax nor rsp */
	.byte	0xe9 /* jmp rel32, 5 bytes at any distance */
	.long	vmt_gate_stubs + VMT_GATE_STUB_SIZE*\index - . - 4
	.org	9b + MOVED_WORD
	.quad	vmt_gate_return+8*\index - .
	.cfi_endproc
	.endm

	.section .text.hot, "ax", @progbits
	.p2align 6
	.globl	vmt_gate_stubs
	.type	vmt_gate_stubs, @function
vmt_gate_stubs:
	.altmacro
	.set	i, 0
	.rept	VMT_GATE_PLAIN_STUBS
	STUB	%i, vmt_gate
	.set	i, i + 1
	.endr
	.rept	VMT_GATE_CLONE_STUBS
	STUB	%i, vmt_gate_clone
	.set	i, i + 1
	.endr
	.rept	VMT_GATE_CLONE3_STUBS
	STUB	%i, vmt_gate_clone3, vmt_gate_cloned
	.set	i, i + 1
	.endr
	.rept	VMT_GATE_MOVED_STUBS
	STUB	%i, vmt_gate
	.set	i, i + 1
	.endr
	.rept	VMT_GATE_KEPT_STUBS
	STUB	%i, vmt_gate
	.set	i, i + 1
	.endr
	.rept	VMT_GATE_BRK_STUBS
	STUB	%i, vmt_gate_brk
	.set	i, i + 1
	.endr
	.noaltmacro
	.org	vmt_gate_stubs + VMT_GATE_STUBS * VMT_GATE_STUB_SIZE /* fails if one is larger */
	.size	vmt_gate_stubs, . - vmt_gate_stubs

	/* They are made writable while the code around them is executed: a page of their own. */
	.section .text.vmt_moved, "ax", @progbits
	.p2align 12
	.globl	vmt_gate_moved
	.type	vmt_gate_moved, @function
vmt_gate_moved:
	.altmacro
	.set	i, VMT_GATE_MOVED_FIRST
	.rept	VMT_GATE_MOVED_STUBS
	MOVED	%i
	.set	i, i + 1
	.endr
	.noaltmacro
	.org	vmt_gate_moved + 4096 /* likewise */
	.size	vmt_gate_moved, . - vmt_gate_moved
	.section .text.hot, "ax", @progbits

/* On entry, rcx = the address of the stub. */
	.macro GATE name, aside, is_brk=0
	.p2align 6
	.globl	\name
	.type	\name, @function
\name:
	.cfi_startproc
	.cfi_def_cfa rsp, 0
	CFI_RETURN_BY(0x72, STUB_DISP, STUB_END)
	cmpl	$0, vmt_gate_is_aside(%rip)
	jne	\aside
	NEED_ROOM .L\name\()_far
	/* Does the call concern [rsp - VMT_ROOM, rsp]? */
	mov	%rsp, %rax
	sub	%rdi, %rax
	lea	VMT_ROOM(%rsi), %r11
	cmp	%r11, %rax
	jb	.L\name\()_without
.L\name\()_here:
	PUSH_RETURN
	push	%rbp
	.cfi_def_cfa_offset TO_RBP
	.cfi_offset rbp, -TO_RBP
	mov	%rsp, %rbp
	.cfi_def_cfa_register rbp
	/* struct vmt_regs, pushed from its last member to its first */
	push	%r15
	push	%r14
	push	%r13
	push	%r12
	push	%rbx
	push	(%rbp)
	lea	TO_RBP(%rbp), %rax
	push	%rax
	sub	$2, %r11 /* regs.pc is the syscall instruction itself */
	push	%r11
	mov	%rsp, %r11
	/* long args[6] */
	push	%r9
	push	%r8
	push	%r10
	push	%rdx
	push	%rsi
	push	%rdi
	STUB_NUMBER rcx, ecx, edi
	mov	%rsp, %rsi
	mov	%r11, %rdx
	and	$-16, %rsp
	call	vmt_call_on_program_stack
	cmp	$-4095, %rax /* the site tests these flags; nothing below changes them */
	lea	-SAVED(%rbp), %rsp
	pop	%rdi
	pop	%rsi
	pop	%rdx
	pop	%r10
	pop	%r8
	pop	%r9
	mov	%rbp, %rsp
	pop	%rbp
	.cfi_def_cfa rsp, TO_RETURN
	.cfi_restore rbp
	.if	\is_brk
	mov	vmt_gate_brk_rdx(%rip), %rdx
	.endif
	POP_RETURN

.L\name\()_far:
	CFI_RETURN_BY(0x72, STUB_DISP, STUB_END)
	testl	$VMT_GATE_NO_MASK, vmt_gate_is_strict(%rip)
	jne	.L\name\()_here
.L\name\()_without:
	testl	$VMT_GATE_NO_MASK, vmt_gate_is_strict(%rip)
	jne	vmt_gate_by_stub
	cmpl	$PHASE_ON, vmt_phase(%rip)
	jne	vmt_gate_by_stub
	CLAIM_STACK vmt_gate_by_stub
	mov	%rsp, SLOT_SP(%r11)
	mov	%rbp, SLOT_RBP(%r11)
	mov	STUB_DISP(%rcx), %eax
	mov	STUB_END(%rcx,%rax), %rax
	mov	%rax, SLOT_RETURN(%r11)
	mov	%rcx, SLOT_STUB(%r11)
	mov	%r11, %rbp
	CFI_CFA_IN_SLOT(0)
	CFI_RIP_IN_SLOT
	CFI_RBP_IN_SLOT
	sub	$2, %rax
	mov	%rax, SLOT_REGS(%rbp)
	mov	%rbx, SLOT_REGS+24(%rbp)
	mov	%r12, SLOT_REGS+32(%rbp)
	mov	%r13, SLOT_REGS+40(%rbp)
	mov	%r14, SLOT_REGS+48(%rbp)
	mov	%r15, SLOT_REGS+56(%rbp)
	mov	%rdi, SLOT_ARGS(%rbp)
	mov	%rsi, SLOT_ARGS+8(%rbp)
	mov	%rdx, SLOT_ARGS+16(%rbp)
	mov	%r10, SLOT_ARGS+24(%rbp)
	mov	%r8, SLOT_ARGS+32(%rbp)
	mov	%r9, SLOT_ARGS+40(%rbp)
	STUB_NUMBER rcx, ecx, eax
	mov	%rax, SLOT_RESULT(%rbp)
	BLOCK_SIGNALS
	mov	SLOT_RESULT(%rbp), %rdi
	lea	SLOT_ARGS(%rbp), %rsi
	lea	SLOT_REGS(%rbp), %rdx
	CALL_ON_OWN_STACK
	mov	SLOT_ARGS(%rbp), %rdi
	mov	SLOT_ARGS+8(%rbp), %rsi
	mov	SLOT_ARGS+16(%rbp), %rdx
	mov	SLOT_ARGS+24(%rbp), %r10
	mov	SLOT_ARGS+32(%rbp), %r8
	mov	SLOT_ARGS+40(%rbp), %r9
	.if	\is_brk
	mov	vmt_gate_brk_rdx(%rip), %rdx
	.endif
	mov	SLOT_RESULT(%rbp), %rax
	mov	SLOT_RETURN(%rbp), %rcx
	.cfi_register rip, rcx
	mov	%rbp, %r11
	mov	SLOT_RBP(%rbp), %rbp
	.cfi_def_cfa rsp, 0
	.cfi_restore rbp
	cmp	$VMT_MAKE_AT_SITE, %rax
	je	5f
	cmp	$VMT_USE_PROGRAM_STACK, %rax
	je	6f
	movl	$VMT_OWN_STACK_FREE, SLOT_BUSY(%r11)
	cmp	$-4095, %rax
	notrack jmp *%rcx
5:	mov	SLOT_STUB(%r11), %rcx
	CFI_RETURN_BY(0x72, STUB_DISP, STUB_END)
	movl	$VMT_OWN_STACK_FREE, SLOT_BUSY(%r11)
	jmp	\aside
6:	.cfi_register rip, rcx
	mov	SLOT_STUB(%r11), %rcx
	CFI_RETURN_BY(0x72, STUB_DISP, STUB_END)
	movl	$VMT_OWN_STACK_FREE, SLOT_BUSY(%r11)
	jmp	\name
	.cfi_endproc
	.size	\name, . - \name
	.endm

	GATE	vmt_gate, vmt_gate_pass
	GATE	vmt_gate_brk, vmt_gate_pass_brk, 1

/* Let the stub make the system call with its own instruction, without any stack. */
	.p2align 4
	.globl	vmt_gate_by_stub
	.type	vmt_gate_by_stub, @function
vmt_gate_by_stub:
	.cfi_startproc
	.cfi_def_cfa rsp, 0
	CFI_RETURN_BY(0x72, STUB_DISP, STUB_END)
	mov	%rcx, %r11
	STUB_NUMBER r11, r11d, eax
	add	$STUB_CALL, %rcx
	CFI_RETURN_BY(0x72, STUB_DISP - STUB_CALL, STUB_END - STUB_CALL)
	notrack jmp *%rcx
	.cfi_endproc
	.size	vmt_gate_by_stub, . - vmt_gate_by_stub

/* The stub has made the call; rcx = where the site continues. The table has to be read anew. */
	.p2align 4
	.type	vmt_gate_unseen, @function
vmt_gate_unseen:
	.cfi_startproc
	.cfi_def_cfa rsp, 0
	.cfi_register rip, rcx
	cmpl	$PHASE_ON, vmt_phase(%rip)
	jne	1f
	mov	vmt_gate_deferred(%rip), %r11
	lock incq VMT_DEFERRED_DROPPED(%r11)
	movl	$1, VMT_DEFERRED_OVERFLOW(%r11)
	movl	$1, VMT_DEFERRED_PENDING(%r11)
1:	lea	vmt_gate_brk_site(%rip), %r11
	cmp	(%r11), %rcx
	jne	2f
	mov	vmt_gate_brk_rdx(%rip), %rdx
2:	cmp	$-4095, %rax
	notrack jmp *%rcx
	.cfi_endproc
	.size	vmt_gate_unseen, . - vmt_gate_unseen

/*
 * Behave as if there were no stub: the call is made by the syscall instruction that is still at the
 * site, or, if that was overwritten, by the one in libc's syscall(3). The instructions after the
 * latter are the same as those that followed at the site.
 */
	.p2align 4
	.type	vmt_gate_pass, @function
vmt_gate_pass:
	.cfi_startproc
	.cfi_def_cfa rsp, 0
	CFI_RETURN_BY(0x72, STUB_DISP, STUB_END)
	mov	STUB_DISP(%rcx), %eax
	mov	STUB_END(%rcx,%rax), %r11
	.cfi_register rip, r11
	STUB_NUMBER rcx, ecx, eax
	cmp	$4*VMT_GATE_KEPT_FIRST, %ecx
	jae	1f
	sub	$2, %r11
	notrack jmp *%r11
1:	notrack jmp *vmt_gate_libc_syscall(%rip)
	.cfi_endproc
	.size	vmt_gate_pass, . - vmt_gate_pass

/* The instructions after brk's system call are found nowhere else: return here to execute them. */
	.p2align 4
	.type	vmt_gate_pass_brk, @function
vmt_gate_pass_brk:
	.cfi_startproc
	.cfi_def_cfa rsp, 0
	CFI_RETURN_BY(0x72, STUB_DISP, STUB_END)
	PUSH_RETURN
	mov	$NR_BRK, %eax
	call	*vmt_gate_libc_syscall(%rip)
	mov	vmt_gate_brk_rdx(%rip), %rdx
	POP_RETURN
	.cfi_endproc
	.size	vmt_gate_pass_brk, . - vmt_gate_pass_brk

/* long vmt_gate_call_libc_syscall(long nr, const long args[6]) */
	.p2align 4
	.globl	vmt_gate_call_libc_syscall
	.type	vmt_gate_call_libc_syscall, @function
vmt_gate_call_libc_syscall:
	.cfi_startproc
	mov	%rdi, %rax
	mov	%rsi, %r11
	mov	(%r11), %rdi
	mov	8(%r11), %rsi
	mov	16(%r11), %rdx
	mov	24(%r11), %r10
	mov	32(%r11), %r8
	mov	40(%r11), %r9
	notrack jmp *vmt_gate_libc_syscall(%rip)
	.cfi_endproc
	.size	vmt_gate_call_libc_syscall, . - vmt_gate_call_libc_syscall

	.section .rodata
	.p2align 3
	.globl	vmt_gate_all_signals
	.type	vmt_gate_all_signals, @object
vmt_gate_all_signals: /* all except SIGILL, SIGTRAP, SIGBUS, SIGFPE and SIGSEGV */
	.quad	~0x4d8
	.size	vmt_gate_all_signals, . - vmt_gate_all_signals

	.data
	.p2align 6
	.globl	vmt_gate_return
	.type	vmt_gate_return, @object
vmt_gate_return:
	.zero	8 * VMT_GATE_STUBS
	.size	vmt_gate_return, . - vmt_gate_return
	.globl	vmt_gate_libc_syscall
	.type	vmt_gate_libc_syscall, @object
vmt_gate_libc_syscall:
	.quad	0
	.size	vmt_gate_libc_syscall, . - vmt_gate_libc_syscall
	.globl	vmt_gate_last_owner
	.type	vmt_gate_last_owner, @object
vmt_gate_last_owner:
	.quad	first_owner
	.size	vmt_gate_last_owner, . - vmt_gate_last_owner
	.type	first_owner, @object
first_owner:
	.quad	0
	.size	first_owner, . - first_owner
	.globl	vmt_gate_last_stack
	.type	vmt_gate_last_stack, @object
vmt_gate_last_stack:
	.quad	0
	.size	vmt_gate_last_stack, . - vmt_gate_last_stack
	.globl	vmt_gate_brk_rdx
	.type	vmt_gate_brk_rdx, @object
vmt_gate_brk_rdx:
	.quad	0
	.size	vmt_gate_brk_rdx, . - vmt_gate_brk_rdx
	.hidden	vmt_gate_brk_site
	.globl	vmt_gate_brk_site
	.type	vmt_gate_brk_site, @object
vmt_gate_brk_site:
	.quad	0
	.size	vmt_gate_brk_site, . - vmt_gate_brk_site
	.globl	vmt_gate_own_stacks
	.type	vmt_gate_own_stacks, @object
vmt_gate_own_stacks:
	.quad	0
	.size	vmt_gate_own_stacks, . - vmt_gate_own_stacks
	.globl	vmt_gate_own_stacks_end
	.type	vmt_gate_own_stacks_end, @object
vmt_gate_own_stacks_end:
	.quad	0
	.size	vmt_gate_own_stacks_end, . - vmt_gate_own_stacks_end
	.globl	vmt_gate_deferred
	.type	vmt_gate_deferred, @object
vmt_gate_deferred:
	.quad	0
	.size	vmt_gate_deferred, . - vmt_gate_deferred
	.globl	vmt_gate_is_strict
	.type	vmt_gate_is_strict, @object
vmt_gate_is_strict:
	.long	VMT_GATE_NO_MASK | VMT_GATE_NO_FS
	.size	vmt_gate_is_strict, . - vmt_gate_is_strict
	.globl	vmt_gate_is_aside
	.type	vmt_gate_is_aside, @object
vmt_gate_is_aside:
	.long	0
	.size	vmt_gate_is_aside, . - vmt_gate_is_aside
	.globl	vmt_gate_nr
	.type	vmt_gate_nr, @object
vmt_gate_nr:
	.zero	4 * VMT_GATE_STUBS
	.size	vmt_gate_nr, . - vmt_gate_nr

	.section .note.GNU-stack, "", @progbits
