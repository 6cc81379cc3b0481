/* SPDX-License-Identifier: MIT */
/*
 * Memory is mapped piece by piece, some pieces with MAP_NORESERVE and some without.
 * Remedy: MAP_NORESERVE for all pieces.
 */
#include "pattern.h"

int main(int argc, char **argv)
{
	long blocks = argument(argc, argv, 2, 400);
	char *at = reserve((size_t)blocks * BLOCK, PROT_NONE, 0);
	int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED;

	for (long i = 0; i < blocks; i++) {
		int more = i % 2 || has_remedy(argc, argv) ? MAP_NORESERVE : 0;

		REQUIRE(mmap(at + i * (long)BLOCK, BLOCK, PROT_READ | PROT_WRITE, flags | more, -1,
			     0) != MAP_FAILED);
	}
	stay();
	return 0;
}
