/* SPDX-License-Identifier: MIT */
/*
 * A library with functions called mmap and munmap of its own, which it is bound to itself
 * (-Bsymbolic), as allocators and runtimes have them; with -DUSER the program that uses both
 * the library's and libc's. Prints the same, traced or not. Built by tests/real/matrix.
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifdef USER
int own_round(int pages);

int main(void)
{
	int sum = 0;

	for (int i = 1; i <= 20; i++)
		sum += own_round(i);
	for (int i = 0; i < 20; i++) {
		char *page = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
				  -1, 0);

		page[4096] = 1;
		mprotect(page, 4096, PROT_NONE);
		sum += page[4096];
		if (i % 2)
			munmap(page, 8192);
	}
	printf("sum %d\n", sum);
	return 0;
}
#else
void *mmap(void *addr, size_t len, int prot, int flags, int fd, off_t offset)
{
	return (void *)syscall(SYS_mmap, addr, len, prot, flags, fd, offset);
}

int munmap(void *addr, size_t len)
{
	return (int)syscall(SYS_munmap, addr, len);
}

int own_round(int pages);
int own_round(int pages)
{
	size_t len = (size_t)pages * 4096;
	char *map = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int result = map[0] + pages;

	return munmap(map, len) == 0 ? result : -1;
}
#endif
