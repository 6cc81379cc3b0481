/* SPDX-License-Identifier: MIT */
/*
 * A program that defines malloc itself, in place of everybody's: each allocation is a map of two
 * pages, the second of them without access. Makes as many allocations as the argument says.
 */
#include <errno.h>
#include <malloc.h>

#include "target.h"

void *malloc(size_t size)
{
	char *at = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (at == MAP_FAILED || size > PAGE) {
		errno = ENOMEM;
		return NULL;
	}
	mprotect(at + PAGE, PAGE, PROT_NONE);
	return at;
}

void free(void *old)
{
	if (old)
		munmap(old, 2 * PAGE);
}

void *calloc(size_t n, size_t size)
{
	return malloc(n * size);
}

void *realloc(void *old, size_t size)
{
	return old && size <= PAGE ? old : malloc(size);
}

int main(int argc, char **argv)
{
	long wanted = argument(argc, argv, 1, 100);

	for (long i = 0; i < wanted; i++) {
		char *volatile block = malloc(100);

		REQUIRE(block);
	}
	return 0;
}
