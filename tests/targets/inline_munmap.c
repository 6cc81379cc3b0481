/* SPDX-License-Identifier: MIT */
/*
 * A module that calls munmap by a system call instruction of its own, in the same pattern as
 * libc's.
 */
#include <stddef.h>

long inline_munmap(void *at, size_t length);

long inline_munmap(void *at, size_t length)
{
	long ret;

	__asm__ volatile("mov $11, %%eax\n\t"
			 "syscall\n\t"
			 : "=a"(ret)
			 : "D"(at), "S"(length)
			 : "rcx", "r11", "memory");
	return ret;
}
