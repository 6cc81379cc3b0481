/* SPDX-License-Identifier: MIT */
/*
 * Many threads that do little but map, touch, sometimes cut, and unmap memory of their own. With
 * more threads than processors, or with a limit on processor time, the thread in the middle of a
 * call is often not running.
 *
 * contended_threads [THREADS] [ROUNDS, of all threads together]
 */
#include <pthread.h>

#include "target.h"

#define LENGTH (16 * PAGE)

static long rounds_each;

static void *keep_mapping(void *unused)
{
	(void)unused;
	for (long i = 0; i < rounds_each; i++) {
		char *area = mmap(NULL, LENGTH, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
				  -1, 0);

		REQUIRE(area != MAP_FAILED);
		area[0] = 1;
		if (i % 8 == 0)
			REQUIRE(mprotect(area + 4 * PAGE, PAGE, PROT_NONE) == 0);
		REQUIRE(munmap(area, LENGTH) == 0);
	}
	return NULL;
}

int main(int argc, char **argv)
{
	const long threads = argument(argc, argv, 1, 64);
	const long rounds = argument(argc, argv, 2, 100000);
	pthread_t *thread = calloc((size_t)threads, sizeof(*thread));

	REQUIRE(thread);
	rounds_each = rounds / threads;
	for (long i = 0; i < threads; i++)
		REQUIRE(pthread_create(&thread[i], NULL, keep_mapping, NULL) == 0);
	for (long i = 0; i < threads; i++)
		REQUIRE(pthread_join(thread[i], NULL) == 0);
	free(thread);
	printf("%ld rounds by %ld threads\n", rounds_each * threads, threads);
	return 0;
}
