/* SPDX-License-Identifier: MIT */
/*
 * A daemon of the old kind: two forks, a session of its own, / as its working directory, all
 * descriptors but one closed, and 0 to 2 on /dev/null. The program it starts from has threads that
 * map. The daemon tells the first process, which waits for it, how it ended.
 */
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "target.h"

static atomic_int finished;

static void detach(int keep)
{
	const int null = open("/dev/null", O_RDWR);

	REQUIRE(setsid() > 0);
	if (fork())
		_exit(0);
	umask(0);
	REQUIRE(chdir("/") == 0);
	for (int fd = 0; fd < 3; fd++)
		dup2(null, fd);
	for (int fd = 3; fd < 1024; fd++)
		if (fd != keep)
			close(fd);
}

static void serve(int to_parent)
{
	pthread_t thread;
	long rounds = 0;

	REQUIRE(pthread_create(&thread, NULL, map_until, &finished) == 0);
	for (; rounds < 1000; rounds++)
		map_and_cut();
	atomic_store(&finished, 1);
	pthread_join(thread, NULL);
	REQUIRE(write(to_parent, &rounds, sizeof(rounds)) == sizeof(rounds));
	exit(9); /* init is its parent now, and gets the status */
}

int main(void)
{
	pthread_t thread;
	long rounds = 0;
	int ends[2];
	pid_t pid;

	REQUIRE(pipe(ends) == 0);
	REQUIRE(pthread_create(&thread, NULL, map_until, &finished) == 0);
	map_and_cut();
	pid = fork();
	REQUIRE(pid >= 0);
	if (pid == 0) {
		detach(ends[1]);
		serve(ends[1]);
	}
	REQUIRE(waitpid(pid, NULL, 0) == pid);
	close(ends[1]);
	REQUIRE(read(ends[0], &rounds, sizeof(rounds)) == sizeof(rounds));
	/* The end of the pipe means that the daemon has ended, so its recording is complete. */
	REQUIRE(read(ends[0], &pid, 1) == 0);
	atomic_store(&finished, 1);
	pthread_join(thread, NULL);
	printf("the daemon made %ld rounds\n", rounds);
	return 0;
}
