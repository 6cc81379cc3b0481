/* SPDX-License-Identifier: MIT */
/*
 * malloc_counts ROUNDS [late]: calls every allocation function in so many rounds, and as many times
 * before any constructor (unless late), in a constructor, in an atexit handler and in a destructor.
 * A round makes 9 allocations of 2,900 bytes in total, resizes 2 blocks (600 bytes), and frees 6.
 * Blocks of aligned_alloc and pvalloc are not freed: where an allocator lacks these functions they
 * come from libc, and the allocator cannot free them.
 */
#include <malloc.h>

#include "target.h"

static long rounds;

static void allocate(long n)
{
	while (n-- > 0) {
		char *volatile kept = malloc(50);

		(void)kept;
	}
}

static void before_all(int argc, char **argv, char **environment)
{
	(void)environment;
	if (argc < 3)
		allocate(argument(argc, argv, 1, 0));
}

__attribute__((section(".preinit_array"), used)) static void (*before)(int, char **,
								       char **) = before_all;

__attribute__((constructor)) static void construct(int argc, char **argv)
{
	rounds = argument(argc, argv, 1, 0);
	allocate(rounds);
}

static void at_exit(void)
{
	allocate(rounds);
}

__attribute__((destructor)) static void destruct(void)
{
	allocate(rounds);
}

static void once(void)
{
	void *block[9], *aligned = NULL;

	block[0] = malloc(100);
	block[1] = calloc(10, 20);
	block[2] = realloc(NULL, 300);
	block[2] = realloc(block[2], 400);
	block[3] = reallocarray(NULL, 10, 10);
	block[3] = reallocarray(block[3], 10, 20);
	block[4] = memalign(64, 400);
	REQUIRE(posix_memalign(&aligned, 64, 500) == 0);
	block[5] = valloc(600);
	block[6] = aligned_alloc(64, 640);
	block[7] = pvalloc(60);
	for (int i = 0; i < 8; i++)
		REQUIRE(block[i]);
	for (int i = 1; i < 6; i++)
		free(block[i]);
	free(aligned);
	free(NULL);
}

int main(void)
{
	atexit(at_exit);
	for (long i = 0; i < rounds; i++)
		once();
	return 0;
}
