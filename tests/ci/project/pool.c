/* SPDX-License-Identifier: MIT */
/* See pool.h. The commit "Catch overruns" of tests/cli/ci.sh adds a guard page to each object. */
#include "pool.h"

#include <stddef.h>
#include <sys/mman.h>

#define PAGE    4096
#define OBJECTS 512

static char *chunk;
static int used;

static char *next_object(void)
{
	if (!chunk || used == OBJECTS) {
		chunk = mmap(NULL, (size_t)OBJECTS * 2 * PAGE, PROT_READ | PROT_WRITE,
			     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		used = 0;
	}
	return chunk == MAP_FAILED ? NULL : chunk + (size_t)2 * PAGE * used++;
}

char *pool_object(void)
{
	return next_object();
}
