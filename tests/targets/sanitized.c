/* SPDX-License-Identifier: MIT */
/* Threads that map and allocate, and one fault on request; to be compiled with each sanitizer. */
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "target.h"

static pthread_barrier_t all_there;
static int shared;
static void *volatile lost;

static void *live(void *race)
{
	if (race)
		pthread_barrier_wait(&all_there);
	for (int i = 0; i < 100; i++) {
		char *block = malloc(300000);

		shared++; /* done often, because two accesses at the very same moment are not reported */
		map_and_cut();
		block[0] = 1;
		free(block);
	}
	return NULL;
}

static void run_threads(bool race)
{
	pthread_t threads[3];

	REQUIRE(pthread_barrier_init(&all_there, NULL, 3) == 0);
	for (int i = 0; i < 3; i++) {
		REQUIRE(pthread_create(&threads[i], NULL, live, race ? threads : NULL) == 0);
		if (!race)
			pthread_join(threads[i], NULL);
	}
	for (int i = 0; race && i < 3; i++)
		pthread_join(threads[i], NULL);
}

static void do_wrong(const char *what)
{
	volatile int width = 40;
	volatile char *block = malloc(10);

	if (strcmp(what, "leak") == 0)
		lost = malloc(1234);
	else if (strcmp(what, "overflow") == 0)
		block[10] = 1;
	else if (strcmp(what, "shift") == 0)
		printf("%d\n", 1 << width);
	lost = NULL;
	free((void *)block);
}

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";

	run_threads(strcmp(what, "race") == 0);
	do_wrong(what);
	puts("end");
	return 0;
}
