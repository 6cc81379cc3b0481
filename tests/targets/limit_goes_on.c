/* SPDX-License-Identifier: MIT */
/*
 * Maps memory until a call fails because there are too many maps, makes the file of the second
 * argument at once, looks for children that it has not made, and ends as the first argument says:
 * abort, exit, or exec; subreaper: it is one, and aborts.
 */
#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "target.h"

static void reach_limit(void)
{
	for (int i = 0;; i++) {
		const int protection = i & 1 ? PROT_READ : PROT_NONE;

		if (mmap(NULL, PAGE, protection, MAP_SHARED | MAP_ANONYMOUS, -1, 0) == MAP_FAILED)
			return;
	}
}

int main(int argc, char **argv)
{
	const char *way = argc > 2 ? argv[1] : "exit";
	int fd;

	if (!strcmp(way, "subreaper"))
		REQUIRE(prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) == 0);
	reach_limit();
	fd = open(argc > 2 ? argv[2] : "/dev/null", O_WRONLY | O_CREAT, 0600);
	REQUIRE(fd == 3);
	REQUIRE(waitpid(-1, NULL, __WALL) == -1 && errno == ECHILD);
	if (!strcmp(way, "exit"))
		exit(3);
	if (!strcmp(way, "exec"))
		execl("/bin/sh", "sh", "-c", "exit 4", NULL);
	abort();
}
