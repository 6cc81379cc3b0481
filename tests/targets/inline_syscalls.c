/* SPDX-License-Identifier: MIT */
/*
 * Memory calls by instructions of the program's own, as some allocators and runtimes make them: one
 * in a pattern like libc's, and one that no scanner finds. They are seen, or reported as unseen,
 * and the sums hold in both cases. With LARGE_TEXT the program, like a browser, is too large to be
 * searched for the first pattern.
 */
#include <sys/syscall.h>

#include "target.h"

#ifdef LARGE_TEXT
__asm__(".pushsection .text\n\t"
	".fill 5 * 1024 * 1024, 1, 0x90\n\t"
	".popsection");
#endif

static __attribute__((noinline)) long like_libc(void)
{
	long ret;

	__asm__ volatile("xor %%edi, %%edi\n\t"
			 "mov $4096, %%esi\n\t"
			 "mov $1, %%edx\n\t"
			 "mov $0x21, %%r10d\n\t"
			 "mov $-1, %%r8\n\t"
			 "xor %%r9d, %%r9d\n\t"
			 "mov $9, %%eax\n\t"
			 "syscall\n\t"
			 : "=a"(ret)
			 :
			 : "rdi", "rsi", "rdx", "r10", "r8", "r9", "rcx", "r11", "memory");
	return ret;
}

static __attribute__((noinline)) long hidden(long nr)
{
	long ret;
	register long flags __asm__("r10") = MAP_SHARED | MAP_ANONYMOUS;
	register long fd __asm__("r8") = -1;
	register long offset __asm__("r9") = 0;

	__asm__ volatile("syscall"
			 : "=a"(ret)
			 : "0"(nr), "D"(0L), "S"(PAGE), "d"((long)PROT_READ), "r"(flags), "r"(fd),
			   "r"(offset)
			 : "rcx", "r11", "memory");
	return ret;
}

int main(void)
{
	for (int i = 0; i < 10; i++) {
		REQUIRE(like_libc() > 0);
		REQUIRE(hidden(SYS_mmap) > 0);
		map_and_cut();
	}
	puts("20 maps by our own instructions");
	return 0;
}
