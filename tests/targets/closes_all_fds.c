/* SPDX-License-Identifier: MIT */
/* A daemon's habit: close every descriptor from 3 up, then go on, mapping. */
#include <sys/resource.h>

#include "target.h"

int main(int argc, char **argv)
{
	struct rlimit limit;

	map_and_cut();
	REQUIRE(getrlimit(RLIMIT_NOFILE, &limit) == 0);
	if (argc > 1 && strcmp(argv[1], "range") == 0)
		REQUIRE(close_range(3, ~0U, 0) == 0);
	else if (argc > 1 && strcmp(argv[1], "from") == 0)
		closefrom(3);
	else
		for (int fd = 3; fd < (int)limit.rlim_cur && fd < 70000; fd++)
			close(fd);
	for (int i = 0; i < 1000; i++)
		map_and_cut();
	/* The lowest free descriptor is the program's, not somebody's who came first. */
	printf("next descriptor %d\n", dup(1));
	return 0;
}
