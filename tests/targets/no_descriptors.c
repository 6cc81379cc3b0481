/* SPDX-License-Identifier: MIT */
/*
 * Lowers its limit of descriptors to the first argument, 0 or more, and the hard limit as well with
 * "hard" as the second, as a program does that shuts itself in. Then it maps memory.
 */
#include <sys/resource.h>

#include "target.h"

int main(int argc, char **argv)
{
	struct rlimit limit;

	REQUIRE(getrlimit(RLIMIT_NOFILE, &limit) == 0);
	limit.rlim_cur = (rlim_t)argument(argc, argv, 1, 0);
	if (argc > 2)
		limit.rlim_max = limit.rlim_cur;
	REQUIRE(setrlimit(RLIMIT_NOFILE, &limit) == 0);
	for (int i = 0; i < 100; i++)
		map_and_cut();
	REQUIRE(dup(1) < 0 && errno == EMFILE);
	puts("mapped");
	return 5;
}
