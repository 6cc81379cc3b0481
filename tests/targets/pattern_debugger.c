/* SPDX-License-Identifier: MIT */
/*
 * Small allocations with a debugging allocator, which makes two maps for each.
 * Remedy: any other allocator.
 */
#include "pattern.h"

int main(int argc, char **argv)
{
	long blocks = argument(argc, argv, 2, 200);
	char *volatile kept;

	for (long i = 0; i < blocks; i++) {
		kept = malloc(100);
		REQUIRE(kept);
		kept[0] = 1;
	}

	stay();
	return 0;
}
