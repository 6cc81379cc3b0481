/* SPDX-License-Identifier: MIT */
/*
 * malloc and free themselves (x86-64), in assembler because every instruction counts here: they add
 * to the thread's counters (struct vmt_malloc_block, malloc.h) and jump to the next definition. The
 * stack and all arguments are left alone, so to the next definition and to an unwinder it looks as
 * if the caller had called it. Both functions lie in one cache line, of which they leave one byte.
 *
 * free also notes what it was given, and where it returns to (struct vmt_malloc_freed): an allocator's
 * free that ends in a jump to munmap leaves no frame, and is known by this.
 *
 * The offset of the thread's pointer and the address of the next definition are known once the
 * library is loaded. malloc.c then writes both into this code. Until then, the offset is read from
 * the GOT, if that is relocated, and the address from a variable.
 *
 * Costs, as a share of glibc's 10 to 15 ns for a malloc and a free (variants in turns in one
 * process, Golden Cove): the jumps 0.5 %, the load 2 %, the test 2 %, counting the two calls 5 %,
 * the bytes 1 %, NULL 1 %. Counters in the thread's own block, without load and test, could not be
 * summed over threads, and would still take 8.5 % of such a loop. What free notes makes no
 * difference that can be measured.
 */

#define CALLS_OF_MALLOC 0
#define BYTES_OF_MALLOC 8
#define CALLS_OF_FREE	16
#define POINTER_OF_FREE 24
#define CALLER_OF_FREE	28

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
vmt_malloc_load: /* malloc.c replaces this by one instruction of nine bytes */
	jmp	.Lmalloc_load
	.org	vmt_malloc_load + 9, 0x90
.Lmalloc_loaded:
	test	%rax, %rax
	jz	.Lmalloc_slowly
	incq	CALLS_OF_MALLOC(%rax)
	addq	%rdi, BYTES_OF_MALLOC(%rax)
vmt_malloc_jump: /* and this by one of the same length */
	{disp32} jmp .Lmalloc_jump
	.cfi_endproc
	.size	malloc, . - malloc

	.globl	free
	.type	free, @function
free:
	.cfi_startproc
vmt_malloc_free_load:
	jmp	.Lfree_load
	.org	vmt_malloc_free_load + 9, 0x90
.Lfree_loaded:
	test	%rax, %rax
	jz	.Lfree_slowly
	mov	(%rsp), %ecx
	mov	%edi, POINTER_OF_FREE(%rax)
	mov	%ecx, CALLER_OF_FREE(%rax)
	test	%rdi, %rdi /* free(NULL) does not count as a free */
	jz	vmt_malloc_free_jump
	incq	CALLS_OF_FREE(%rax)
vmt_malloc_free_jump:
	{disp32} jmp .Lfree_jump
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
.Lmalloc_jump:
	jmp	*vmt_malloc_next_malloc(%rip)
.Lfree_jump:
	jmp	*vmt_malloc_next_free(%rip)
.Lmalloc_slowly:
	jmp	vmt_malloc_slowly
.Lfree_slowly:
	jmp	vmt_malloc_free_slowly
	.cfi_endproc

	.section .note.GNU-stack, "", @progbits
