/* SPDX-License-Identifier: MIT */
/*
 * Fork children of a program with threads start threads of their own on the stacks that the
 * parent's threads have left. So a child makes no memory call before two of its threads make their
 * first at the same time.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <sys/wait.h>

#include "target.h"

#define THREADS 3

static atomic_int finished;
static atomic_int arrived;

static void *map_at_once(void *unused)
{
	(void)unused;
	atomic_fetch_add(&arrived, 1);
	while (atomic_load(&arrived) <= THREADS)
		;
	for (int i = 0; i < 20; i++)
		map_and_cut();
	return NULL;
}

static void be_child(void)
{
	pthread_t threads[THREADS];

	for (int i = 0; i < THREADS; i++)
		REQUIRE(pthread_create(&threads[i], NULL, map_at_once, NULL) == 0);
	map_at_once(NULL);
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	exit(0);
}

int main(int argc, char **argv)
{
	const long children = argument(argc, argv, 1, 50);
	pthread_t threads[THREADS];
	int status;

	for (int i = 0; i < THREADS; i++)
		REQUIRE(pthread_create(&threads[i], NULL, map_until, &finished) == 0);
	for (long i = 0; i < children; i++) {
		pid_t pid = fork();

		REQUIRE(pid >= 0);
		if (pid == 0)
			be_child();
		REQUIRE(waitpid(pid, &status, 0) == pid);
		if (status != 0) {
			printf("child %ld ended with %#x\n", i, (unsigned int)status);
			return 1;
		}
	}
	atomic_store(&finished, 1);
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	printf("%ld children done\n", children);
	return 0;
}
