/* SPDX-License-Identifier: MIT */
/*
 * Sixteen threads call malloc, realloc and free with small and large sizes, whichever allocator is
 * in use.
 */
#include <pthread.h>

#include "target.h"

#define THREADS 16
#define SLOTS   256

static void *allocate(void *index)
{
	uint64_t state = (uint64_t)(uintptr_t)index + 1;
	char *slot[SLOTS] = { NULL };
	uintptr_t sum = 0;

	for (int i = 0; i < 20000; i++) {
		size_t at, size;

		state = state * 6364136223846793005 + 1442695040888963407;
		at = (state >> 33) % SLOTS;
		size = (state >> 50) % 2000 + 1;
		if ((state >> 45) % 32 == 0)
			size = 200000 + (state >> 46) % 100000;
		if (state >> 63) {
			free(slot[at]);
			slot[at] = NULL;
		} else {
			slot[at] = realloc(slot[at], size);
			REQUIRE(slot[at]);
			slot[at][0] = slot[at][size - 1] = (char)size;
			sum += size;
		}
	}
	for (int i = 0; i < SLOTS; i++)
		free(slot[i]);
	return (void *)sum;
}

int main(void)
{
	pthread_t threads[THREADS];
	uintptr_t sum = 0;

	for (uintptr_t i = 0; i < THREADS; i++)
		REQUIRE(pthread_create(&threads[i], NULL, allocate, (void *)i) == 0);
	for (int i = 0; i < THREADS; i++) {
		void *ret;

		REQUIRE(pthread_join(threads[i], &ret) == 0);
		sum += (uintptr_t)ret;
	}
	printf("%ju bytes asked for\n", (uintmax_t)sum);
	return 0;
}
