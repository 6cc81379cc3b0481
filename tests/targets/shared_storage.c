/* SPDX-License-Identifier: MIT */
/*
 * clone(2) makes a thread without storage of its own, so it shares the storage of its maker. Both
 * map and unmap at the same time.
 */
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "target.h"

#define STACK  ((size_t)1 << 20)
#define ROUNDS 20000

static _Atomic int has_ended;

static void work(void)
{
	for (int i = 0; i < ROUNDS; i++) {
		char *at = mmap(NULL, 12288, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
				-1, 0);

		if (at == MAP_FAILED || munmap(at + 4096, 4096) || munmap(at, 4096) ||
		    munmap(at + 8192, 4096))
			_exit(9);
	}
}

static int thread(void *unused)
{
	(void)unused;
	work();
	has_ended = 1;
	syscall(SYS_exit, 0);
	return 0;
}

int main(void)
{
	char *stack = mmap(NULL, STACK, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	REQUIRE(stack != MAP_FAILED);
	REQUIRE(clone(thread, stack + STACK,
		      CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD |
			      CLONE_SYSVSEM,
		      NULL) > 0);
	work();
	while (!has_ended)
		usleep(1000);
	puts("both have ended");
	return 0;
}
