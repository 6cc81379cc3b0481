/* SPDX-License-Identifier: MIT */
/*
 * A stop-the-world collector: mutators that map and unmap all the time are stopped by a signal
 * wherever they are, also inside a memory call, and wait in the handler until the collector, which
 * calls mprotect meanwhile, lets them go. The program hangs for ever if the collector has to wait
 * for a lock that a stopped mutator holds. Collections come at fixed times, and the mutators run
 * for a while between two of them; otherwise their rate would only say how soon the scheduler lets
 * the collector stop them.
 */
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>

#include "target.h"

#define MUTATORS 4

static sem_t stopped;
static atomic_uint epoch; /* odd: the world stands still */
static atomic_int finished;
static atomic_ulong mutations;

static void stop(int signal_number)
{
	const int saved = errno;
	const struct timespec shortly = { 0, 20000 };
	unsigned int now = atomic_load(&epoch);

	(void)signal_number;
	sem_post(&stopped);
	while (atomic_load(&epoch) == now)
		nanosleep(&shortly, NULL);
	sem_post(&stopped);
	errno = saved;
}

static void *mutate(void *unused)
{
	(void)unused;
	while (!atomic_load(&finished)) {
		map_and_cut();
		atomic_fetch_add(&mutations, 1);
	}
	return NULL;
}

static void wait_for_all(void)
{
	for (int i = 0; i < MUTATORS; i++)
		while (sem_wait(&stopped) && errno == EINTR)
			;
}

#define PERIOD_NS 5000000

/* Sleep until the next period begins; a period that is over already is left out. */
static void sleep_until_next(void)
{
	struct timespec at;

	clock_gettime(CLOCK_MONOTONIC, &at);
	at.tv_nsec += PERIOD_NS - at.tv_nsec % PERIOD_NS;
	if (at.tv_nsec >= 1000000000) {
		at.tv_nsec -= 1000000000;
		at.tv_sec++;
	}
	clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, NULL);
}

static void collect(const pthread_t *threads, char *heap)
{
	atomic_fetch_add(&epoch, 1);
	for (int i = 0; i < MUTATORS; i++)
		REQUIRE(pthread_kill(threads[i], SIGUSR1) == 0);
	wait_for_all();
	for (size_t page = 0; page < 16; page += 2) {
		REQUIRE(mprotect(heap + page * PAGE, PAGE, PROT_READ) == 0);
		REQUIRE(mprotect(heap + page * PAGE, PAGE, PROT_READ | PROT_WRITE) == 0);
	}
	map_and_cut();
	atomic_fetch_add(&epoch, 1);
	wait_for_all();
}

int main(int argc, char **argv)
{
	const long rounds = argument(argc, argv, 1, 600);
	struct sigaction action = { .sa_handler = stop, .sa_flags = SA_RESTART };
	pthread_t threads[MUTATORS];
	char *heap = map_pages(16);
	double start;

	REQUIRE(sem_init(&stopped, 0, 0) == 0);
	REQUIRE(sigaction(SIGUSR1, &action, NULL) == 0);
	for (int i = 0; i < MUTATORS; i++)
		REQUIRE(pthread_create(&threads[i], NULL, mutate, NULL) == 0);
	start = seconds_now();
	for (long i = 0; i < rounds; i++) {
		collect(threads, heap);
		sleep_until_next();
	}
	print_rate("rounds", (double)rounds / (seconds_now() - start));
	print_rate("mutations", (double)atomic_load(&mutations) / (seconds_now() - start));
	atomic_store(&finished, 1);
	for (int i = 0; i < MUTATORS; i++)
		pthread_join(threads[i], NULL);
	printf("%ld rounds done\n", rounds);
	return 0;
}
