/* SPDX-License-Identifier: MIT */
/*
 * A thousand fork children map, touch inherited memory, and end by _exit, exit or a signal.
 * Meanwhile another thread of the parent maps, so forks happen in the middle of its calls.
 */
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/wait.h>

#include "target.h"

static atomic_int finished;

static void child(long index, char *inherited)
{
	char *block;

	map_and_cut();
	inherited[PAGE] = 1;
	REQUIRE(mprotect(inherited + PAGE, PAGE, PROT_READ) == 0);
	REQUIRE(mprotect(inherited + PAGE, PAGE, PROT_READ | PROT_WRITE) == 0);
	block = malloc(300000);
	REQUIRE(block);
	memset(block, 1, 300000);
	free(block);
	if (index % 10 == 1)
		exit(7);
	if (index % 10 == 2)
		raise(SIGKILL);
	_exit(7);
}

int main(int argc, char **argv)
{
	const long children = argument(argc, argv, 1, 1000);
	long exited = 0, killed = 0;
	char *inherited = map_pages(8);
	pthread_t thread;

	memset(inherited, 1, 8 * PAGE);
	REQUIRE(pthread_create(&thread, NULL, map_until, &finished) == 0);
	for (long i = 0; i < children; i++) {
		int status;
		pid_t pid = fork();

		REQUIRE(pid >= 0);
		if (pid == 0)
			child(i, inherited);
		REQUIRE(waitpid(pid, &status, 0) == pid);
		exited += WIFEXITED(status) && WEXITSTATUS(status) == 7;
		killed += WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
	}
	atomic_store(&finished, 1);
	pthread_join(thread, NULL);
	printf("%ld exited, %ld killed\n", exited, killed);
	return 0;
}
