/* SPDX-License-Identifier: MIT */
/*
 * Calls in the shapes that they have in glibc 2.31: mmap whose number comes through ecx, and tgkill
 * with an argument that is read from memory after the number. The first must be seen; the second is
 * no memory call, so the report must not warn of it.
 */
#include <signal.h>
#include <stdint.h>
#include <sys/syscall.h>

#include "target.h"

static __attribute__((noinline)) void *map_low_page(void)
{
	void *page;
	register long flags __asm__("r10") = MAP_PRIVATE | MAP_ANONYMOUS;
	register long fd __asm__("r8") = -1;
	register long offset __asm__("r9") = 0;

	__asm__ volatile("mov $9, %%ecx\n\t"
			 "xor %%edi, %%edi\n\t"
			 "or $0x40, %%r10d\n\t" /* MAP_32BIT */
			 "mov %%ecx, %%eax\n\t"
			 "syscall"
			 : "=a"(page), "+r"(flags)
			 : "S"((long)PAGE), "d"((long)PROT_READ), "r"(fd), "r"(offset)
			 : "rcx", "rdi", "r11", "memory");
	return page;
}

static __attribute__((noinline)) long signal_thread(const int *thread)
{
	long ret;

	__asm__ volatile("mov $234, %%eax\n\t"
			 "mov (%[thread]), %%esi\n\t"
			 "syscall"
			 : "=&a"(ret)
			 : "D"((long)getpid()), "d"(0L), [thread] "r"(thread)
			 : "rcx", "rsi", "r11", "memory");
	return ret;
}

int main(void)
{
	int thread = (int)syscall(SYS_gettid);

	for (int i = 0; i < 10; i++) {
		void *page = map_low_page();

		REQUIRE((uintptr_t)page - 1 < UINT32_MAX);
		REQUIRE(mprotect(page, PAGE, PROT_READ | PROT_WRITE) == 0);
		REQUIRE(signal_thread(&thread) == 0);
	}
	puts("10 pages below 4 GiB");
	return 0;
}
