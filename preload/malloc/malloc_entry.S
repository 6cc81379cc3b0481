/* SPDX-License-Identifier: MIT */
/*
 * malloc and free themselves (x86-64), in assembler because every instruction counts here: they add
 * to the thread's counters (struct vmt_malloc_block, malloc.h) and jump to the next definition. The
 * stack and all arguments are left alone, so to the next definition and to an unwinder it looks as
 * if the caller had called it. Both functions lie in one cache line.
 *
 * The offset of the thread's pointer and the address of the next definition are known once the
 * library is loaded. malloc.c then writes both into this code. Until then, the offset is read from
 * the GOT, if that is relocated, and the address from a variable.
 *
 * Costs, as a share of glibc's 10 to 15 ns for a malloc and a free (variants in turns in one
 * process, Golden Cove): the jumps 0.5 %, the load 2 %, the test 2 %, counting the two calls 5 %,
 * the bytes 1 %, NULL 1 %. Counters in the thread's own block, without load and test, could not be
 * summed over threads, and would still take 8.5 % of such a loop.
 */

#define CALLS_OF_MALLOC 0
#define BYTES_OF_MALLOC 8
#define CALLS_OF_FREE	16

	.text
	.hidden	vmt_malloc_own, vmt_malloc_next_malloc, vmt_malloc_next_free
	.hidden	vmt_malloc_slowly, vmt_malloc_free_slowly
	.hidden	vmt_malloc_load, vmt_malloc_free_load, vmt_malloc_jump, vmt_malloc_free_jump
	.globl	vmt_malloc_load, vmt_malloc_free_load, vmt_malloc_jump, vmt_malloc_free_jump

	.p2align 6
	.globl	malloc
	.type	malloc, @function
malloc:
	.cfi_startproc
vmt_malloc_load: /* malloc.c replaces this by one instruction of eleven bytes */
	jmp	.Lmalloc_load
	.org	vmt_malloc_load + 11, 0x90
.Lmalloc_loaded:
	test	%rax, %rax
	jz	.Lmalloc_slowly
	addq	$1, CALLS_OF_MALLOC(%rax)
	addq	%rdi, BYTES_OF_MALLOC(%rax)
vmt_malloc_jump:
	jmp	*vmt_malloc_next_malloc(%rip)
	.cfi_endproc
	.size	malloc, . - malloc

	.p2align 5
	.globl	free
	.type	free, @function
free:
	.cfi_startproc
vmt_malloc_free_load:
	jmp	.Lfree_load
	.org	vmt_malloc_free_load + 11, 0x90
.Lfree_loaded:
	test	%rax, %rax
	jz	.Lfree_slowly
	test	%rdi, %rdi /* free(NULL) does not count as a free */
	jz	vmt_malloc_free_jump
	addq	$1, CALLS_OF_FREE(%rax)
vmt_malloc_free_jump:
	jmp	*vmt_malloc_next_free(%rip)
	.cfi_endproc
	.size	free, . - free

	.cfi_startproc
.Lmalloc_load: /* 0 if this library is not relocated yet */
	mov	vmt_malloc_own@gottpoff(%rip), %rax
	test	%rax, %rax
	jz	.Lmalloc_slowly
	mov	%fs:(%rax), %rax
	jmp	.Lmalloc_loaded
.Lfree_load:
	mov	vmt_malloc_own@gottpoff(%rip), %rax
	test	%rax, %rax
	jz	.Lfree_slowly
	mov	%fs:(%rax), %rax
	jmp	.Lfree_loaded
.Lmalloc_slowly:
	jmp	vmt_malloc_slowly
.Lfree_slowly:
	jmp	vmt_malloc_free_slowly
	.cfi_endproc

	.section .note.GNU-stack, "", @progbits
