/* SPDX-License-Identifier: MIT */
/*
 * Every other block of a range is given back with PROT_NONE.
 * Remedy: MADV_DONTNEED instead.
 */
#include "pattern.h"

int main(int argc, char **argv)
{
	long blocks = argument(argc, argv, 2, 400);
	char *at = reserve((size_t)blocks * BLOCK, PROT_READ | PROT_WRITE, 0);

	memset(at, 1, (size_t)blocks * BLOCK);
	for (long i = 1; i < blocks; i += 2) {
		if (has_remedy(argc, argv))
			REQUIRE(madvise(at + i * (long)BLOCK, BLOCK, MADV_DONTNEED) == 0);
		else
			REQUIRE(mprotect(at + i * (long)BLOCK, BLOCK, PROT_NONE) == 0);
	}

	stay();
	return 0;
}
