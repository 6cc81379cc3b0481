/* SPDX-License-Identifier: MIT */
/*
 * munmap makes holes in a range.
 * Remedy: MADV_DONTNEED, which leaves the range whole.
 */
#include "pattern.h"

int main(int argc, char **argv)
{
	long blocks = argument(argc, argv, 2, 400);
	char *at = reserve((size_t)blocks * BLOCK, PROT_READ | PROT_WRITE, 0);

	for (long i = 1; i < blocks; i += 2) {
		if (has_remedy(argc, argv))
			REQUIRE(madvise(at + i * (long)BLOCK, BLOCK, MADV_DONTNEED) == 0);
		else
			REQUIRE(munmap(at + i * (long)BLOCK, BLOCK) == 0);
	}

	stay();
	return 0;
}
