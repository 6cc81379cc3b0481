/* SPDX-License-Identifier: MIT */
/*
 * A cache that evicts: the program allocates blocks of many sizes, frees every other one, and goes
 * on with the rest. The allocator decides how many maps result. Arguments: the number of blocks,
 * and of threads (each thread keeps as many blocks).
 */
#include "pattern.h"

#include <pthread.h>

static pthread_barrier_t barrier;
static long blocks;

static size_t size_of(long i)
{
	return (size_t)(16 + i * 7919 % 240) * 1024;
}

static void *fill_and_evict(void *unused)
{
	char **kept = calloc((size_t)blocks, sizeof(*kept));

	REQUIRE(kept);
	for (long i = 0; i < blocks; i++) {
		kept[i] = malloc(size_of(i));
		REQUIRE(kept[i]);
		kept[i][0] = 1;
	}
	for (long i = 0; i < blocks; i += 2) {
		free(kept[i]);
		kept[i] = NULL;
	}
	pthread_barrier_wait(&barrier);
	pthread_barrier_wait(&barrier);
	for (long i = 0; i < blocks; i++)
		free(kept[i]);
	free(kept);
	return unused;
}

int main(int argc, char **argv)
{
	long threads = argument(argc, argv, 2, 1);
	pthread_t thread[256];

	blocks = argument(argc, argv, 1, 4000);
	REQUIRE(threads >= 1 && threads <= 256);
	REQUIRE(pthread_barrier_init(&barrier, NULL, (unsigned)threads + 1) == 0);
	for (long i = 0; i < threads; i++)
		REQUIRE(pthread_create(&thread[i], NULL, fill_and_evict, NULL) == 0);
	pthread_barrier_wait(&barrier);

	stay();
	pthread_barrier_wait(&barrier);
	for (long i = 0; i < threads; i++)
		REQUIRE(pthread_join(thread[i], NULL) == 0);
	return 0;
}
