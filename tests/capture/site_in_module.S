/* SPDX-License-Identifier: MIT */
/*
 * A module with a system call of its own, in the form that door 2 catches: unaligned stack, data in
 * the red zone, every register in use. int site_check(void): returns 0, or the number of the first
 * register that changed.
 */
	.macro SAME reg, want, number
	mov	$\number, %r11d
	mov	$\want, %rcx
	cmp	%rcx, \reg
	jne	9f
	.endm

	.text
	.globl	site_check
	.type	site_check, @function
site_check:
	push	%rbx
	push	%rbp
	push	%r12
	push	%r13
	push	%r14
	push	%r15
	sub	$19, %rsp
	movabs	$0x1111222233334444, %rax
	mov	%rax, -8(%rsp)
	mov	%rax, -128(%rsp)
	movq	%rax, %xmm0
	movq	%rax, %xmm15
	mov	$0x11, %rbx
	mov	$0x12, %rbp
	mov	$0x13, %r12
	mov	$0x14, %r13
	mov	$0x15, %r14
	mov	$0x16, %r15
	mov	$0x1001, %rdi		/* munmap of an odd address: EINVAL */
	mov	$0x17, %rsi
	mov	$0x18, %rdx
	mov	$0x19, %r10
	mov	$0x1a, %r8
	mov	$0x1b, %r9
	mov	$11, %eax
	syscall
	SAME	%rax, -22, 1
	SAME	%rbx, 0x11, 2
	SAME	%rbp, 0x12, 3
	SAME	%r12, 0x13, 4
	SAME	%r13, 0x14, 5
	SAME	%r14, 0x15, 6
	SAME	%r15, 0x16, 7
	SAME	%rdi, 0x1001, 8
	SAME	%rsi, 0x17, 9
	SAME	%rdx, 0x18, 10
	SAME	%r10, 0x19, 11
	SAME	%r8, 0x1a, 12
	SAME	%r9, 0x1b, 13
	movabs	$0x1111222233334444, %rcx
	mov	$14, %r11d
	cmp	%rcx, -8(%rsp)
	jne	9f
	mov	$15, %r11d
	cmp	%rcx, -128(%rsp)
	jne	9f
	movq	%xmm0, %rax
	mov	$16, %r11d
	cmp	%rcx, %rax
	jne	9f
	movq	%xmm15, %rax
	mov	$17, %r11d
	cmp	%rcx, %rax
	jne	9f
	xor	%r11d, %r11d
9:	mov	%r11d, %eax
	add	$19, %rsp
	pop	%r15
	pop	%r14
	pop	%r13
	pop	%r12
	pop	%rbp
	pop	%rbx
	ret
	.size	site_check, . - site_check

/*
 * Likewise, with instructions after the number: long site_with_moved(long start), munmap of an odd
 * address.
 */
	.globl	site_with_moved
	.type	site_with_moved, @function
site_with_moved:
	.cfi_startproc
	mov	%rdi, %r9
	mov	$11, %eax
	mov	%r9, %rdi
	mov	$1, %esi
	syscall
	ret
	.cfi_endproc
	.size	site_with_moved, . - site_with_moved

/* Likewise, with the number in another register first, as in mmap of glibc 2.31. */
	.globl	site_by_ecx
	.type	site_by_ecx, @function
site_by_ecx:
	.cfi_startproc
	mov	$11, %ecx
	xor	%esi, %esi
	or	$1, %esi
	mov	%ecx, %eax
	syscall
	ret
	.cfi_endproc
	.size	site_by_ecx, . - site_by_ecx
	.section .note.GNU-stack, "", @progbits
