/* SPDX-License-Identifier: MIT */
/*
 * Each thread has a malloc arena. The stacks have no guards, so they are one map.
 * Remedy: two arenas.
 */
#include "pattern.h"

#include <malloc.h>
#include <pthread.h>

static pthread_barrier_t barrier;

static void *allocate(void *unused)
{
	char *volatile kept = malloc(100000);

	REQUIRE(kept);
	kept[0] = 1;
	pthread_barrier_wait(&barrier);
	return unused;
}

int main(int argc, char **argv)
{
	long threads = argument(argc, argv, 2, 64);
	pthread_t thread[256];
	pthread_attr_t attributes;

	REQUIRE(threads <= 256);
	mallopt(M_ARENA_MAX, has_remedy(argc, argv) ? 2 : 256);
	pthread_barrier_init(&barrier, NULL, (unsigned)threads);
	pthread_attr_init(&attributes);
	pthread_attr_setstacksize(&attributes, 64 * 1024);
	pthread_attr_setguardsize(&attributes, 0);
	for (long i = 0; i < threads; i++)
		REQUIRE(pthread_create(&thread[i], &attributes, allocate, NULL) == 0);
	for (long i = 0; i < threads; i++)
		REQUIRE(pthread_join(thread[i], NULL) == 0);

	stay();
	return 0;
}
