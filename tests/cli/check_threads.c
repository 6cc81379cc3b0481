/* SPDX-License-Identifier: MIT */
/*
 * check_threads ROUNDS LEAK: rounds of sixteen threads that use malloc, each beginning with the
 * mark "round"; with LEAK 1, each round leaks three maps. For check.sh: noise that must not raise
 * an alarm, and growth that must.
 */
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "vmatrace.h"

#define THREADS 16
#define SLOTS   64
#define PAGE    4096

static void *allocate(void *index)
{
	uint64_t state = (uint64_t)(uintptr_t)index * 977 + 1;
	char *slot[SLOTS] = { NULL };

	for (int i = 0; i < 400; i++) {
		size_t at, size;

		state = state * 6364136223846793005 + 1442695040888963407;
		at = (state >> 33) % SLOTS;
		size = (state >> 45) % 32 ? (state >> 50) % 2000 + 1 : 200000;
		free(slot[at]);
		slot[at] = malloc(size);
		if (!slot[at])
			abort();
		slot[at][0] = slot[at][size - 1] = 1;
	}
	for (int i = 0; i < SLOTS; i++)
		free(slot[i]);
	return NULL;
}

/* Three maps: the inaccessible pages at both ends merge with those of the round before. */
__attribute__((noinline)) static int leak(void)
{
	char *object = mmap(NULL, 4 * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (object == MAP_FAILED || mprotect(object + PAGE, PAGE, PROT_READ))
		return -1;
	return mprotect(object + 2 * PAGE, PAGE, PROT_READ | PROT_WRITE) ? -1 : 0;
}

int main(int argc, char **argv)
{
	int rounds = argc > 1 ? atoi(argv[1]) : 1;
	int leaks = argc > 2 ? atoi(argv[2]) : 0;
	pthread_t threads[THREADS];

	for (int round = 0; round < rounds; round++) {
		VMATRACE_MARK("round");
		for (uintptr_t i = 0; i < THREADS; i++) {
			if (pthread_create(&threads[i], NULL, allocate, (void *)i))
				abort();
		}
		for (int i = 0; i < THREADS; i++)
			pthread_join(threads[i], NULL);
		if (leaks && leak())
			abort();
	}
	VMATRACE_MARK("done");
	return 0;
}
