/* SPDX-License-Identifier: MIT */
/*
 * One thread populates 1 GiB again and again (MAP_POPULATE), while another maps, cuts and unmaps a
 * few pages. If rates are asked for, the program prints the longest and the mean time of the second
 * thread's calls; otherwise only that it has finished.
 *
 *	populate [ROUNDS [MIB]]
 */
#include <pthread.h>
#include <stdatomic.h>

#include "target.h"

static size_t length;
static atomic_int finished;
static double longest, total;
static unsigned long calls;

static double timed(double since)
{
	const double now = seconds_now();

	longest = now - since > longest ? now - since : longest;
	total += now - since;
	calls++;
	return seconds_now();
}

static void *map_few(void *unused)
{
	(void)unused;
	while (!atomic_load(&finished)) {
		double start = seconds_now();
		char *at = map_pages(3);

		start = timed(start);
		REQUIRE(mprotect(at + PAGE, PAGE, PROT_READ) == 0);
		start = timed(start);
		REQUIRE(munmap(at, 3 * PAGE) == 0);
		timed(start);
	}
	return NULL;
}

int main(int argc, char **argv)
{
	const long rounds = argument(argc, argv, 1, 4);
	const int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE;
	pthread_t thread;

	length = (size_t)argument(argc, argv, 2, 1024) << 20;
	REQUIRE(pthread_create(&thread, NULL, map_few, NULL) == 0);
	for (long i = 0; i < rounds; i++) {
		char *at = mmap(NULL, length, PROT_READ | PROT_WRITE, flags, -1, 0);

		REQUIRE(at != MAP_FAILED);
		REQUIRE(munmap(at, length) == 0);
	}
	atomic_store(&finished, 1);
	REQUIRE(pthread_join(thread, NULL) == 0);
	if (getenv("TARGET_RATE"))
		printf("rate longest_us %.0f\nrate mean_ns %.0f\n", longest * 1e6,
		       total * 1e9 / (double)calls);
	puts("populated");
	return 0;
}
