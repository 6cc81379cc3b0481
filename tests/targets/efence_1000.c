/* SPDX-License-Identifier: MIT */
/*
 * A thousand allocations from one line, none freed: to be run with Electric Fence, which makes
 * about two maps of each.
 */
#include "target.h"

int main(void)
{
	static char *kept[1000];
	long sum = 0;

	for (int i = 0; i < 1000; i++) {
		kept[i] = malloc(64); /* the line that the report must name */
		REQUIRE(kept[i]);
		kept[i][0] = 1;
	}
	for (int i = 0; i < 1000; i++)
		sum += kept[i][0];
	printf("%ld allocations\n", sum);
	return 0;
}
