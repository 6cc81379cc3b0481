/* SPDX-License-Identifier: MIT */
/*
 * Programs that need all of their descriptors, or give them up:
 *
 *	lets_go count		opens as many as it may, and ends with their number
 *	lets_go daemon FIFO	puts 0 to 2 on /dev/null, and lives until somebody reads the FIFO
 *	lets_go reaper		waits in a thread for any child, also while the program exits
 */
#include <fcntl.h>
#include <pthread.h>
#include <sys/wait.h>

#include "target.h"

static int count(void)
{
	int opened = 0;

	while (open("/dev/null", O_RDONLY) >= 0) {
		if (opened++ < 10)
			map_and_cut();
	}
	return opened;
}

static int live_on(const char *fifo)
{
	const int null = open("/dev/null", O_RDWR);

	for (int fd = 0; fd < 3; fd++)
		REQUIRE(dup2(null, fd) == fd);
	map_and_cut();
	alarm(20); /* if this comes, the output was kept open, or else nobody would wait for it */
	return open(fifo, O_WRONLY) < 0;
}

/* The program makes no child, so there must be none to wait for. */
static void *reap(void *unused)
{
	int status;

	(void)unused;
	for (;;)
		if (waitpid(-1, &status, WNOHANG | __WALL) > 0 && write(1, "reaped\n", 7) != 7)
			break;
	return NULL;
}

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";
	pthread_t thread;

	for (int i = 0; i < 100; i++)
		map_and_cut();
	if (strcmp(what, "count") == 0)
		return count();
	if (strcmp(what, "daemon") == 0)
		return live_on(argv[2]);
	REQUIRE(pthread_create(&thread, NULL, reap, NULL) == 0);
	return 7;
}
