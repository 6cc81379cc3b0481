/* SPDX-License-Identifier: MIT */
/*
 * malloc_many_threads N TOGETHER [EACH]: starts N threads, TOGETHER of them alive at a time. Each
 * makes EACH allocations (10 if not given), and frees all but one. Prints nothing.
 */
#include <pthread.h>

#include "target.h"

static pthread_barrier_t all_are_there;
static long each;

static void *allocate(void *unused)
{
	pthread_barrier_wait(&all_are_there);
	for (long i = 0; i < each; i++) {
		char *volatile block = malloc(20);

		if (i)
			free(block);
	}
	pthread_barrier_wait(&all_are_there);
	return unused;
}

int main(int argc, char **argv)
{
	long wanted = argument(argc, argv, 1, 1);
	long together = argument(argc, argv, 2, 1);
	pthread_t threads[2000];
	pthread_attr_t small;

	each = argument(argc, argv, 3, 10);
	REQUIRE(together <= 2000);
	pthread_attr_init(&small);
	pthread_attr_setstacksize(&small, 65536);
	pthread_barrier_init(&all_are_there, NULL, (unsigned)together);
	for (long done = 0; done < wanted; done += together) {
		for (long i = 0; i < together; i++)
			REQUIRE(pthread_create(&threads[i], &small, allocate, NULL) == 0);
		for (long i = 0; i < together; i++)
			REQUIRE(pthread_join(threads[i], NULL) == 0);
	}
	return 0;
}
