/* SPDX-License-Identifier: MIT */
/*
 * Threads with the smallest possible stacks, 16 KiB, make memory calls a few frames deep: neither
 * thread-local data nor the walk of the stack may need more.
 */
#include <limits.h>
#include <pthread.h>
#include <stdlib.h>

#include "target.h"

static __attribute__((noinline)) int deep(int depth)
{
	volatile char ballast[128];
	int sum = 0;

	ballast[0] = (char)depth;
	if (depth == 0)
		map_and_cut();
	else
		sum = deep(depth - 1);
	return sum + ballast[0];
}

static void *live(void *unused)
{
	void *block = malloc(100);

	(void)unused;
	free(block);
	return (void *)(intptr_t)deep(20);
}

int main(void)
{
	pthread_attr_t attributes;
	long sum = 0;

	REQUIRE(pthread_attr_init(&attributes) == 0);
	REQUIRE(pthread_attr_setstacksize(&attributes, 16384) == 0);
	for (int i = 0; i < 200; i++) {
		pthread_t thread;
		void *ret;

		REQUIRE(pthread_create(&thread, &attributes, live, NULL) == 0);
		REQUIRE(pthread_join(thread, &ret) == 0);
		sum += (long)(intptr_t)ret;
	}
	printf("sum %ld\n", sum);
	return 0;
}
