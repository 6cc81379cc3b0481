/* SPDX-License-Identifier: MIT */
/* Unmaps the middle of a map, N times, in a function that tests/way.py knows by its name. */
#include "target.h"

static __attribute__((noinline)) int unmap_middle(char *map)
{
	return munmap(map + PAGE, PAGE);
}

int main(int argc, char **argv)
{
	REQUIRE(argc > 1);
	for (int rounds = atoi(argv[1]); rounds; rounds--) {
		char *map = map_pages(3);

		REQUIRE(unmap_middle(map) == 0);
		REQUIRE(munmap(map, 3 * PAGE) == 0);
	}
	return 0;
}
