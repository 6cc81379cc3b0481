/* SPDX-License-Identifier: MIT */
/*
 * Results and errno of calls that succeed and of calls that fail, through libc and through
 * syscall().
 */
#include <sys/syscall.h>

#include "target.h"

static void show(const char *what, long ret)
{
	printf("%-28s %2ld errno %d\n", what, ret, errno);
	errno = 77; /* a call that succeeds must not change this */
}

#define SHOW(call) show(#call, (long)(intptr_t)(call))

int main(void)
{
	char *at = map_pages(4);

	errno = 77;
	SHOW(munmap(at + 1, PAGE));
	SHOW(munmap(at, 0));
	SHOW(mprotect(at + 1, PAGE, PROT_READ));
	SHOW(mprotect(at, PAGE, PROT_READ));
	SHOW(mprotect(at, PAGE, 0x40000));
	SHOW(mmap(NULL, 0, 0, MAP_PRIVATE, -1, 0));
	SHOW(mmap(NULL, PAGE, 0, MAP_PRIVATE, -1, 0));
	SHOW(mmap(NULL, PAGE, 0, 0, -1, 0));
	SHOW(mmap(NULL, PAGE, 0, MAP_PRIVATE, 1, 1));
	SHOW(mmap(NULL, (size_t)1 << 60, 0, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
	SHOW(mremap(at, PAGE, (size_t)1 << 60, 0));
	SHOW(mremap(at + 1, PAGE, PAGE, 0));
	SHOW(madvise(at, PAGE, 12345));
	SHOW(madvise(at, PAGE, MADV_DONTNEED));
	SHOW(mlock(at, (size_t)1 << 60));
	SHOW(brk((void *)1));
	SHOW(syscall(SYS_munmap, at + 1, PAGE));
	SHOW(syscall(SYS_madvise, at, PAGE, MADV_RANDOM));
	SHOW(syscall(SYS_mprotect, at, PAGE, PROT_NONE));
	SHOW(syscall(9999));
	SHOW(munmap(at, 4 * PAGE));
	SHOW(munmap(at, 4 * PAGE));
	SHOW(mprotect(at, PAGE, PROT_READ));
	return 0;
}
