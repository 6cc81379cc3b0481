/* SPDX-License-Identifier: MIT */
/*
 * Makes memory calls before main, in an atexit handler, in a destructor, and in a thread that runs
 * longer than main.
 */
#include <pthread.h>

#include "target.h"

static void *outlive(void *unused)
{
	while (!unused)
		map_and_cut();
	return NULL;
}

static __attribute__((constructor)) void before(void)
{
	pthread_t thread;

	for (int i = 0; i < 100; i++)
		map_and_cut();
	REQUIRE(pthread_create(&thread, NULL, outlive, NULL) == 0);
	REQUIRE(pthread_detach(thread) == 0);
}

static __attribute__((destructor)) void after(void)
{
	for (int i = 0; i < 100; i++)
		map_and_cut();
	puts("after");
}

static void at_end(void)
{
	map_and_cut();
	puts("atexit");
}

int main(void)
{
	REQUIRE(atexit(at_end) == 0);
	map_and_cut();
	puts("main");
	return 13;
}
