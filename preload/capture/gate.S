/* SPDX-License-Identifier: MIT */
/*
 * The gate: where patched call sites land (x86-64). A site was
 *
 *	mov $NR, %eax; syscall		and is now	jmp stub; syscall
 *
 * or, at the entry of a function of libc's, where probes are put (sites.c tells why),
 *
 *	mov $NR, %eax; syscall; cmp $-4095, %rax	mov $NR, %eax; jmp stub
 *
 * The stub does what the kernel would have done to the registers: the result
 * goes to rax, rcx and r11 are lost, all others keep their values (the C code
 * behind vmt_call uses no vector registers; flags are lost, which every
 * compiler assumes of a system call). The red zone is left alone. At the end
 * it jumps behind what was replaced, with the flags of that cmp.
 *
 * To an unwinder a stub looks like a function called by that syscall
 * instruction, at any stack depth: CFA = the site's rsp, return address at
 * CFA-136. Before the return address is pushed, the rule finds it as the
 * push does, through the displacement in the push instruction.
 */
#include "gate.h"

#if defined(__x86_64__)

#ifdef __CET__
#include <cet.h>
#endif

#define CLONE_VM  0x100
#define NR_CLONE  56
#define NR_BRK	  12
#define NR_EXIT	  60
#define NR_EXIT_GROUP 231
#define RED_ZONE  128
#define TO_RETURN (RED_ZONE + 8)
#define TO_RBP	  (TO_RETURN + 8)
#define SAVED	  (6 * 8 + 8 * 8)	/* arguments and struct vmt_regs below rbp */

/*
 * DW_CFA_val_expression: rip = *(pc + to_end + (*(uint64_t *)(pc + to_disp) & 0xffffffff)).
 * The displacement is positive, .data lies behind .text; valgrind 3.19 reads no DW_OP_deref_size.
 */
#define CFI_RETURN_BY_PUSH(to_disp, to_end)                                                        \
	.cfi_escape 0x16, 0x10, 13, 0x80, to_disp, 0x06, 0x0c, 0xff, 0xff, 0xff, 0xff, 0x1a, 0x80, \
		to_end, 0x22, 0x06

	.macro STUB index, gate, moved=0
	.p2align 5
	.cfi_startproc
	.cfi_def_cfa rsp, 0
	CFI_RETURN_BY_PUSH(7, 11)
	lea	-RED_ZONE(%rsp), %rsp		/* 5 bytes */
	.cfi_def_cfa_offset RED_ZONE
	CFI_RETURN_BY_PUSH(2, 6)
	push	vmt_gate_return+8*\index(%rip)	/* 2 + 4 bytes */
	.cfi_def_cfa_offset TO_RETURN
	.cfi_offset rip, -TO_RETURN
	.if	\moved
	.fill	VMT_GATE_MOVED_MAX, 1, 0x90	/* written by sites.c; they use neither rax nor rsp */
	.endif
	mov	$\index, %eax
	jmp	\gate
	.cfi_endproc
	.endm

	.section .text.hot, "ax", @progbits
	.hidden	vmt_gate_stubs, vmt_gate_return, vmt_gate_nr, vmt_gate_exit
	.hidden	vmt_call, vmt_last_act, vmt_syscall_ours, vmt_syscall_unresolved
	.hidden	vmt_gate_exit_group, vmt_gate_exit_thread, vmt_gate_last_owner, vmt_gate_last_stack
	.hidden	vmt_last_claim, vmt_last_act_claimed, vmt_last_thread
	.hidden	vmt_syscall_kinds, vmt_next
	.hidden	vmt_gate_is_aside, vmt_gate_home, vmt_gate_brk_rdx, vmt_gate_call_home

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
	.rept	VMT_GATE_MOVED_STUBS
	STUB	%i, vmt_gate, 1
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
	.org	vmt_gate_stubs + VMT_GATE_STUBS * VMT_GATE_STUB_SIZE	/* fails if one is larger */
	.size	vmt_gate_stubs, . - vmt_gate_stubs

/* eax = stub; [rsp] = return address, the site's rsp is TO_RETURN higher. */
	.macro	GATE name, aside, is_brk=0
	.p2align 6
	.type	\name, @function
\name:
	.cfi_startproc
	.cfi_def_cfa rsp, TO_RETURN
	.cfi_offset rip, -TO_RETURN
	cmpl	$0, vmt_gate_is_aside(%rip)
	jne	\aside
	push	%rbp
	.cfi_def_cfa_offset TO_RBP
	.cfi_offset rbp, -TO_RBP
	mov	%rsp, %rbp
	.cfi_def_cfa_register rbp
	/* struct vmt_regs, last member first */
	push	%r15
	push	%r14
	push	%r13
	push	%r12
	push	%rbx
	push	(%rbp)
	lea	TO_RBP(%rbp), %r11
	push	%r11
	mov	8(%rbp), %r11
	sub	$2, %r11		/* the syscall instruction itself */
	push	%r11
	mov	%rsp, %r11
	/* long args[6] */
	push	%r9
	push	%r8
	push	%r10
	push	%rdx
	push	%rsi
	push	%rdi
	lea	vmt_gate_nr(%rip), %rcx
	mov	(%rcx,%rax,4), %edi
	mov	%rsp, %rsi
	mov	%r11, %rdx
	and	$-16, %rsp
	call	vmt_call
	cmp	$-4095, %rax		/* from here on the flags are the site's */
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
	pop	%rcx
	.cfi_def_cfa_offset RED_ZONE
	.cfi_register rip, rcx
	lea	RED_ZONE(%rsp), %rsp
	.cfi_def_cfa_offset 0
	notrack jmp *%rcx
	.cfi_endproc
	.size	\name, . - \name
	.endm

	GATE	vmt_gate, vmt_gate_pass
	GATE	vmt_gate_brk, vmt_gate_pass_brk, 1

/*
 * As if there were no stub: the call is made by the syscall instruction that is still at the site,
 * or by libc's own other one. Behind the latter stands what stood at the site.
 */
	.p2align 4
	.type	vmt_gate_pass, @function
vmt_gate_pass:
	.cfi_startproc
	.cfi_def_cfa rsp, TO_RETURN
	.cfi_offset rip, -TO_RETURN
	pop	%rcx
	.cfi_def_cfa_offset RED_ZONE
	.cfi_register rip, rcx
	lea	RED_ZONE(%rsp), %rsp
	.cfi_def_cfa_offset 0
	sub	$2, %rcx
	lea	vmt_gate_nr(%rip), %r11
	cmp	$VMT_GATE_KEPT_FIRST, %eax
	mov	(%r11,%rax,4), %eax
	jae	1f
	notrack jmp *%rcx
1:	notrack jmp *vmt_gate_home(%rip)
	.cfi_endproc
	.size	vmt_gate_pass, . - vmt_gate_pass

/* What stands behind brk's system call is its own: come back here for it. */
	.p2align 4
	.type	vmt_gate_pass_brk, @function
vmt_gate_pass_brk:
	.cfi_startproc
	.cfi_def_cfa rsp, TO_RETURN
	.cfi_offset rip, -TO_RETURN
	mov	$NR_BRK, %eax
	call	*vmt_gate_home(%rip)
	mov	vmt_gate_brk_rdx(%rip), %rdx
	pop	%rcx
	.cfi_def_cfa_offset RED_ZONE
	.cfi_register rip, rcx
	lea	RED_ZONE(%rsp), %rsp
	.cfi_def_cfa_offset 0
	notrack jmp *%rcx
	.cfi_endproc
	.size	vmt_gate_pass_brk, . - vmt_gate_pass_brk

/* long vmt_gate_call_home(long nr, const long args[6]) */
	.p2align 4
	.globl	vmt_gate_call_home
	.type	vmt_gate_call_home, @function
vmt_gate_call_home:
	.cfi_startproc
	mov	%rdi, %rax
	mov	%rsi, %r11
	mov	(%r11), %rdi
	mov	8(%r11), %rsi
	mov	16(%r11), %rdx
	mov	24(%r11), %r10
	mov	32(%r11), %r8
	mov	40(%r11), %r9
	notrack jmp *vmt_gate_home(%rip)
	.cfi_endproc
	.size	vmt_gate_call_home, . - vmt_gate_call_home

/*
 * A new thread, or a child on a stack of its own, must begin where the kernel
 * puts it: make the call with the site's own syscall instruction. A child that
 * gets a copy of this stack can return through vmt_call as the parent does.
 */
	.p2align 4
	.type	vmt_gate_clone, @function
vmt_gate_clone:
	.cfi_startproc
	.cfi_def_cfa rsp, TO_RETURN
	.cfi_offset rip, -TO_RETURN
	test	$CLONE_VM, %edi
	jnz	1f
	test	%rsi, %rsi
	jz	vmt_gate
1:	pop	%rcx
	.cfi_def_cfa_offset RED_ZONE
	.cfi_register rip, rcx
	lea	RED_ZONE(%rsp), %rsp
	.cfi_def_cfa_offset 0
	sub	$2, %rcx
	mov	$NR_CLONE, %eax
	notrack jmp *%rcx
	.cfi_endproc
	.size	vmt_gate_clone, . - vmt_gate_clone

/* As if it were _exit itself: entered by a jump from within, status in edi. */
	.p2align 4
	.globl	vmt_gate_exit
	.type	vmt_gate_exit, @function
vmt_gate_exit:
	.cfi_startproc
	push	%rbp
	.cfi_def_cfa_offset 16
	.cfi_offset rbp, -16
	mov	%rsp, %rbp
	.cfi_def_cfa_register rbp
	and	$-16, %rsp
	call	vmt_last_act
	hlt
	.cfi_endproc
	.size	vmt_gate_exit, . - vmt_gate_exit

/*
 * A module's own exit_group, status in edi. The stack may be a goroutine's, with room for a few hundred
 * bytes: it is asked there whether the last act is due, which has a stack of its own.
 */
	.p2align 4
	.globl	vmt_gate_exit_group
	.type	vmt_gate_exit_group, @function
vmt_gate_exit_group:
	.cfi_startproc
	.cfi_undefined rip
	cmpl	$0, vmt_gate_is_aside(%rip)
	jne	1f
	mov	%edi, %ebx		/* nothing comes back, and all registers are free */
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
 * A module's own exit of a thread, status in edi. Others may have the thread's stack for themselves by now,
 * so that nothing is put there.
 */
	.p2align 4
	.globl	vmt_gate_exit_thread
	.type	vmt_gate_exit_thread, @function
vmt_gate_exit_thread:
	.cfi_startproc
	.cfi_undefined rip
	cmpl	$0, vmt_gate_is_aside(%rip)
	jne	1f
	mov	vmt_gate_last_stack(%rip), %rdx
	test	%rdx, %rdx
	jz	1f
	mov	%fs:0, %rcx
	xor	%eax, %eax
	lock cmpxchg %rcx, vmt_gate_last_owner(%rip)
	jne	1f
	mov	%edi, %ebx
	mov	%rsp, %r12
	mov	%rdx, %rsp
	call	vmt_last_thread		/* goes on to exit if it was the last */
	mov	%r12, %rsp
	mov	%ebx, %edi
	movq	$0, vmt_gate_last_owner(%rip)
1:	mov	$NR_EXIT, %eax
	jmp	vmt_gate_no_return
	.cfi_endproc
	.size	vmt_gate_exit_thread, . - vmt_gate_exit_thread

/* By libc's instruction, where ours is not allowed. */
	.p2align 4
	.type	vmt_gate_no_return, @function
vmt_gate_no_return:
	.cfi_startproc
	.cfi_undefined rip
	cmpl	$0, vmt_gate_is_aside(%rip)
	je	1f
	mov	vmt_gate_home(%rip), %rcx
	test	%rcx, %rcx
	jz	1f
	notrack jmp *%rcx
1:	syscall
	hlt
	.cfi_endproc
	.size	vmt_gate_no_return, . - vmt_gate_no_return

/*
 * syscall(3). What is not about maps is left to libc by a jump, with the stack
 * as it was: a child of vfork, or one with a stack of its own, returns from it.
 * The six arguments lie where a C function with seven parameters has them.
 */
	.p2align 4
	.globl	syscall
	.type	syscall, @function
syscall:
	.cfi_startproc
	cmp	$512, %rdi
	jae	.Lnext
	lea	vmt_syscall_kinds(%rip), %rax
	movzbl	(%rax,%rdi), %eax
	test	%eax, %eax
	jz	.Lnext
	cmp	$NR_CLONE, %edi
	jne	vmt_syscall_ours
	test	$CLONE_VM, %esi
	jnz	.Lnext
	test	%rdx, %rdx
	jz	vmt_syscall_ours
.Lnext:	mov	vmt_next(%rip), %rax		/* vmt_next.syscall */
	test	%rax, %rax
	jz	vmt_syscall_unresolved
	notrack jmp *%rax
	.cfi_endproc
	.size	syscall, . - syscall

	.data
	.p2align 6
	.globl	vmt_gate_return
	.type	vmt_gate_return, @object
vmt_gate_return:
	.zero	8 * VMT_GATE_STUBS
	.size	vmt_gate_return, . - vmt_gate_return
	.globl	vmt_gate_home
	.type	vmt_gate_home, @object
vmt_gate_home:
	.quad	0
	.size	vmt_gate_home, . - vmt_gate_home
	.globl	vmt_gate_last_owner
	.type	vmt_gate_last_owner, @object
vmt_gate_last_owner:
	.quad	0
	.size	vmt_gate_last_owner, . - vmt_gate_last_owner
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

#endif

	.section .note.GNU-stack, "", @progbits
