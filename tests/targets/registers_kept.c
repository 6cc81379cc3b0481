/* SPDX-License-Identifier: MIT */
/*
 * libc's munmap is `mov $11,%eax; syscall; …; ret`: it changes rax, rcx and r11 and nothing else,
 * and some code relies on this. The program fills the other registers, calls munmap, and compares;
 * it also compares the red zone after the return, and the direction flag.
 */
#include <dlfcn.h>

#include "target.h"

struct registers {
	uint64_t general[6]; /* rdx r8 r9 r10 rbx r12 */
	unsigned char vector[16][16];
};

typedef int (*munmap_fn)(void *addr, size_t length);

static int call_with(munmap_fn fn, void *addr, struct registers *regs)
{
	long ret;

	__asm__ volatile("sub $256, %%rsp\n\t"
			 "push %%rbp\n\t"
			 "mov %[regs], %%rbp\n\t"
			 "mov 0(%%rbp), %%rdx\n\t"
			 "mov 8(%%rbp), %%r8\n\t"
			 "mov 16(%%rbp), %%r9\n\t"
			 "mov 24(%%rbp), %%r10\n\t"
			 "mov 32(%%rbp), %%rbx\n\t"
			 "mov 40(%%rbp), %%r12\n\t"
			 "movdqu 48(%%rbp), %%xmm0\n\t"
			 "movdqu 64(%%rbp), %%xmm1\n\t"
			 "movdqu 80(%%rbp), %%xmm2\n\t"
			 "movdqu 168(%%rbp), %%xmm8\n\t"
			 "movdqu 288(%%rbp), %%xmm15\n\t"
			 "call *%%rax\n\t"
			 "mov %%rdx, 0(%%rbp)\n\t"
			 "mov %%r8, 8(%%rbp)\n\t"
			 "mov %%r9, 16(%%rbp)\n\t"
			 "mov %%r10, 24(%%rbp)\n\t"
			 "mov %%rbx, 32(%%rbp)\n\t"
			 "mov %%r12, 40(%%rbp)\n\t"
			 "movdqu %%xmm0, 48(%%rbp)\n\t"
			 "movdqu %%xmm1, 64(%%rbp)\n\t"
			 "movdqu %%xmm2, 80(%%rbp)\n\t"
			 "movdqu %%xmm8, 168(%%rbp)\n\t"
			 "movdqu %%xmm15, 288(%%rbp)\n\t"
			 "pop %%rbp\n\t"
			 "add $256, %%rsp\n\t"
			 : "=a"(ret), "+D"(addr)
			 : "0"(fn), "S"(PAGE), [regs] "r"(regs)
			 : "rcx", "rdx", "rbx", "r8", "r9", "r10", "r11", "r12", "xmm0", "xmm1",
			   "xmm2", "xmm8", "xmm15", "memory", "cc");
	return (int)ret;
}

int main(void)
{
	void *libc = dlopen("libc.so.6", RTLD_NOW | RTLD_NOLOAD);
	struct registers before, after;
	munmap_fn fn;

	REQUIRE(libc);
	*(void **)&fn = dlsym(libc, "munmap");
	REQUIRE(fn);
	for (size_t i = 0; i < sizeof(before); i++)
		((unsigned char *)&before)[i] = (unsigned char)(i * 37 + 11);
	for (int round = 0; round < 1000; round++) {
		after = before;
		if (call_with(fn, map_pages(1), &after) || memcmp(&before, &after, sizeof(after))) {
			puts("a register was changed");
			return 1;
		}
	}
	puts("registers kept");
	return 0;
}
