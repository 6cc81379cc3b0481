/* SPDX-License-Identifier: MIT */
/*
 * Each thread has a stack and a guard.
 * Remedy: stacks without guard pages, which merge.
 */
#include "pattern.h"

#include <pthread.h>

static void *wait_for_ever(void *unused)
{
	while (pause() < 0)
		;
	return unused;
}

int main(int argc, char **argv)
{
	long threads = argument(argc, argv, 2, 200);
	pthread_attr_t attributes;
	pthread_t thread;

	pthread_attr_init(&attributes);
	pthread_attr_setstacksize(&attributes, 64 * 1024);
	if (has_remedy(argc, argv))
		pthread_attr_setguardsize(&attributes, 0);
	for (long i = 0; i < threads; i++)
		REQUIRE(pthread_create(&thread, &attributes, wait_for_ever, NULL) == 0);
	usleep(50000); /* gives each thread time to start; nothing fails if one has not */

	stay();
	return 0;
}
