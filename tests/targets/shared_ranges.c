/* SPDX-License-Identifier: MIT */
/*
 * Threads map, cut, protect and unmap, each in a range of its own and all of them in a shared one.
 * Each thread also forks now and then, and the children map as well. The same is left at the end of
 * each run, since every thread clears its own range, and the last one clears the shared range.
 */
#include <pthread.h>
#include <sys/wait.h>

#include "target.h"

#define THREADS 4
#define RANGE   (32 * PAGE)
#define SHARED  ((char *)0x5000000000)
#define OWN(i)  ((char *)0x5100000000 + (size_t)(i)*2 * RANGE)

static long rounds;

static void change(char *range, unsigned int *seed)
{
	const int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED;
	char *at = range + (size_t)(rand_r(seed) % 24) * PAGE;
	const size_t length = (size_t)(1 + rand_r(seed) % 8) * PAGE;

	switch (rand_r(seed) % 4) {
	case 0: munmap(at, length); break;
	case 1: mprotect(at, length, PROT_READ); break;
	default: REQUIRE(mmap(at, length, PROT_READ | PROT_WRITE, flags, -1, 0) == at);
	}
}

static void fork_one(void)
{
	int status;
	pid_t pid = fork();

	REQUIRE(pid >= 0);
	if (pid == 0) {
		map_and_cut();
		_exit(5);
	}
	REQUIRE(waitpid(pid, &status, 0) == pid);
	REQUIRE(WIFEXITED(status) && WEXITSTATUS(status) == 5);
}

static void *work(void *own)
{
	unsigned int seed = (unsigned int)((uintptr_t)own >> 16);

	for (long i = 0; i < rounds; i++) {
		change(own, &seed);
		change(SHARED, &seed);
		if (i % 500 == 499)
			fork_one();
	}
	REQUIRE(munmap(own, RANGE) == 0);
	return NULL;
}

int main(int argc, char **argv)
{
	pthread_t threads[THREADS];

	rounds = argument(argc, argv, 1, 5000);
	for (int i = 0; i < THREADS; i++)
		REQUIRE(pthread_create(&threads[i], NULL, work, OWN(i)) == 0);
	for (int i = 0; i < THREADS; i++)
		REQUIRE(pthread_join(threads[i], NULL) == 0);
	REQUIRE(munmap(SHARED, RANGE) == 0);
	printf("%d threads done\n", THREADS);
	return 0;
}
