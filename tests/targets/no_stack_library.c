/* SPDX-License-Identifier: MIT */
/*
 * System calls of a library's own, made where there is no stack, or not any more. In a library they
 * are near enough to be patched.
 */
#include <sys/syscall.h>

/* munmap(start, size), and then exit(0) of the thread: musl ends a detached thread in this way. */
void no_stack_unmap_self(void *start, unsigned long size);

/* munmap(start, size), with the stack pointer in another use. */
long no_stack_unmap(void *start, unsigned long size);

__asm__(".text\n"
	".globl no_stack_unmap_self\n"
	".type no_stack_unmap_self, @function\n"
	"no_stack_unmap_self:\n"
	"	mov $11, %eax\n"
	"	syscall\n"
	"	xor %edi, %edi\n"
	"	mov $60, %eax\n"
	"	syscall\n"
	"	hlt\n"
	".size no_stack_unmap_self, . - no_stack_unmap_self\n"
	".globl no_stack_unmap\n"
	".type no_stack_unmap, @function\n"
	"no_stack_unmap:\n"
	"	mov %rsp, %r9\n"
	"	mov $0x123456789abc, %rsp\n"
	"	mov $11, %eax\n"
	"	syscall\n"
	"	mov %r9, %rsp\n"
	"	ret\n"
	".size no_stack_unmap, . - no_stack_unmap\n");
