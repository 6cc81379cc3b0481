/* SPDX-License-Identifier: MIT */
/*
 * Four threads map, cut and unmap from ever new stacks until somebody kills the process. No call
 * changes more than three maps. The argument is the number of seconds after which the program ends
 * by itself.
 */
#include <pthread.h>

#include "target.h"

#define THREADS    4
#define DEPTH      14
#define NOT_A_PAGE ((void *)0x5000000001)

static int even(uint64_t path, int depth);

static int leaf(void)
{
	char *at = mmap(NULL, 3 * PAGE, PROT_READ, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (at == MAP_FAILED)
		return 1;
	mprotect(at + PAGE, PAGE, PROT_NONE);
	munmap(at, 3 * PAGE);
	for (int i = 0; i < 16; i++) /* these calls fail, and are only counted */
		munmap(NOT_A_PAGE, PAGE);
	return 0;
}

/* The bits of `path` decide which of the two functions calls which: 2^DEPTH stacks. */
static __attribute__((noinline)) int odd(uint64_t path, int depth)
{
	int ret = depth == 0 ? leaf() :
		  path & 1   ? odd(path >> 1, depth - 1) :
			       even(path >> 1, depth - 1);

	__asm__ volatile(""); /* keeps the call from being a tail call */
	return ret;
}

static __attribute__((noinline)) int even(uint64_t path, int depth)
{
	int ret = depth == 0 ? leaf() :
		  path & 1   ? odd(path >> 1, depth - 1) :
			       even(path >> 1, depth - 1);

	__asm__ volatile("" : : "r"(depth));
	return ret;
}

static void *work(void *number)
{
	/* Make a new stack now and then, so often that a kill may come while one is recorded. */
	for (uint64_t n = 0;; n++)
		even((n / 8) * THREADS + (uintptr_t)number, DEPTH);
	return NULL;
}

int main(int argc, char **argv)
{
	pthread_t thread;

	for (uintptr_t i = 0; i < THREADS; i++)
		REQUIRE(pthread_create(&thread, NULL, work, (void *)i) == 0);
	puts("busy");
	fflush(stdout);
	sleep((unsigned)argument(argc, argv, 1, 60));
	return 0;
}
