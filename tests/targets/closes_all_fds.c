/* SPDX-License-Identifier: MIT */
/* Closes every descriptor from 3 up, as daemons do, and goes on mapping. */
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
	/* The lowest free descriptor belongs to the program; a library must not have taken it. */
	printf("next descriptor %d\n", dup(1));
	return 0;
}
