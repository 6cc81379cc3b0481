/* SPDX-License-Identifier: MIT */
/*
 * Shared by the programs pattern_*. Each of them makes many maps in one of the ways that people
 * meet, or does the same work with the remedy (first argument "remedy"). Then it stays as it is
 * until its input ends, so that its maps can be examined from outside. The exit status is 77 where
 * this kernel lacks something that the pattern needs.
 */
#ifndef PATTERN_H
#define PATTERN_H

#include "target.h"

#define BLOCK  (16 * PAGE)
#define CANNOT 77

static inline int has_remedy(int argc, char **argv)
{
	return argc > 1 && !strcmp(argv[1], "remedy");
}

/* Map memory that touches nothing else, so that only its own boundaries count. */
static inline char *reserve(size_t bytes, int prot, int more_flags)
{
	char *at = mmap((void *)0x4000000000, bytes, prot,
			MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE | more_flags, -1, 0);

	REQUIRE(at != MAP_FAILED);
	return at;
}

/* Print the pid when the maps are ready, and wait for the end of the input. */
static inline void stay(void)
{
	char byte;

	dprintf(1, "ready %d\n", (int)getpid());
	while (read(0, &byte, 1) > 0)
		;
}

#endif
