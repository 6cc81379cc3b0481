/* SPDX-License-Identifier: MIT */
/* Starts ten thousand threads one after another: what is kept for a thread must be given back. */
#include <pthread.h>

#include "target.h"

static void *live(void *sum)
{
	map_and_cut();
	++*(long *)sum;
	return NULL;
}

int main(int argc, char **argv)
{
	const long threads = argument(argc, argv, 1, 10000);
	long sum = 0;

	for (long i = 0; i < threads; i++) {
		pthread_t thread;

		REQUIRE(pthread_create(&thread, NULL, live, &sum) == 0);
		REQUIRE(pthread_join(thread, NULL) == 0);
	}
	printf("%ld threads lived\n", sum);
	return 0;
}
