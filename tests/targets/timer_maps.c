/* SPDX-License-Identifier: MIT */
/*
 * Eight threads make random map calls for some seconds, each in an area of its own, while a timer
 * signals the process every 200 us. The handler maps as well, often in the middle of a thread's own
 * call.
 */
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/time.h>

#include "target.h"

#define THREADS    8
#define AREA_PAGES 64

static char *const area = (char *)0x5000000000;
static atomic_int finished;
static atomic_ulong calls, handled;

static void on_timer(int signal_number)
{
	const int saved = errno;
	char *at = mmap(NULL, 2 * PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	(void)signal_number;
	if (at != MAP_FAILED) {
		mprotect(at, PAGE, PROT_NONE);
		munmap(at, 2 * PAGE);
	}
	atomic_fetch_add(&handled, 1);
	errno = saved;
}

static void one_call(char *at, size_t length, uint64_t dice)
{
	const int prot = (int)(dice >> 8) & 3;

	switch (dice & 3) {
	case 0: mmap(at, length, prot, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0); break;
	case 1: munmap(at, length); break;
	case 2: mprotect(at, length, prot); break;
	default: madvise(at, length, dice & 4 ? MADV_DONTFORK : MADV_DOFORK);
	}
}

static void *random_calls(void *argument_of_thread)
{
	const size_t index = (size_t)(uintptr_t)argument_of_thread;
	char *mine = area + index * AREA_PAGES * PAGE;
	uint64_t state = index * 0x9e3779b97f4a7c15 + 1;

	while (!atomic_load_explicit(&finished, memory_order_relaxed)) {
		size_t first, pages;

		state = state * 6364136223846793005 + 1442695040888963407;
		first = (state >> 33) % AREA_PAGES;
		pages = 1 + (state >> 45) % 8;
		if (first + pages > AREA_PAGES)
			pages = AREA_PAGES - first;
		one_call(mine + first * PAGE, pages * PAGE, state >> 20);
		atomic_fetch_add_explicit(&calls, 1, memory_order_relaxed);
	}
	return NULL;
}

int main(int argc, char **argv)
{
	const long seconds = argument(argc, argv, 1, 10);
	struct sigaction action = { .sa_handler = on_timer, .sa_flags = SA_RESTART };
	struct itimerval every = { { 0, 200 }, { 0, 200 } };
	pthread_t threads[THREADS];
	double end = seconds_now() + (double)seconds;

	REQUIRE(sigaction(SIGALRM, &action, NULL) == 0);
	for (size_t i = 0; i < THREADS; i++)
		REQUIRE(pthread_create(&threads[i], NULL, random_calls, (void *)i) == 0);
	REQUIRE(setitimer(ITIMER_REAL, &every, NULL) == 0);
	while (seconds_now() < end)
		usleep(20000);
	every = (struct itimerval){ 0 };
	setitimer(ITIMER_REAL, &every, NULL);
	atomic_store(&finished, 1);
	for (size_t i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	print_rate("mutations", (double)atomic_load(&calls) / (double)seconds);
	print_rate("signals", (double)atomic_load(&handled) / (double)seconds);
	printf("calls made: %s, signals handled: %s\n", atomic_load(&calls) ? "yes" : "no",
	       atomic_load(&handled) ? "yes" : "no");
	return 0;
}
