/* SPDX-License-Identifier: MIT */
/*
 * A process with 40,000 maps, in which three threads map without a pause. Where reading the maps
 * takes long, calls come faster than their effect can be learnt. The first thread makes a few
 * calls, and must finish nevertheless.
 */
#include <pthread.h>
#include <stdatomic.h>

#include "target.h"

#define THREADS 3

static atomic_int finished;

int main(int argc, char **argv)
{
	const size_t pages = (size_t)argument(argc, argv, 1, 40000);
	const long rounds = argument(argc, argv, 2, 10);
	char *area = mmap(NULL, pages * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	pthread_t threads[THREADS];

	REQUIRE(area != MAP_FAILED);
	for (size_t page = 1; page < pages; page += 2)
		REQUIRE(mprotect(area + page * PAGE, PAGE, PROT_READ) == 0);
	for (int i = 0; i < THREADS; i++)
		REQUIRE(pthread_create(&threads[i], NULL, map_until, &finished) == 0);
	for (long i = 0; i < rounds; i++)
		map_and_cut();
	atomic_store(&finished, 1);
	for (int i = 0; i < THREADS; i++)
		REQUIRE(pthread_join(threads[i], NULL) == 0);
	printf("%ld rounds beside %d threads\n", rounds, THREADS);
	return 0;
}
