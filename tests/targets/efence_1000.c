/* SPDX-License-Identifier: MIT */
/*
 * Makes a thousand allocations (or as many as the argument says) in one line, and frees none. It is
 * to be run with Electric Fence, which makes about two maps for each allocation.
 */
#include "target.h"

int main(int argc, char **argv)
{
	static char *kept[65536];
	const long wanted = argument(argc, argv, 1, 1000);
	long sum = 0;

	for (long i = 0; i < wanted; i++) {
		kept[i] = malloc(64); /* the line that the report must name */
		REQUIRE(kept[i]);
		kept[i][0] = 1;
	}
	for (long i = 0; i < wanted; i++)
		sum += kept[i][0];
	printf("%ld allocations\n", sum);
	return 0;
}
