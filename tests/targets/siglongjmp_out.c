/* SPDX-License-Identifier: MIT */
/*
 * A timer's handler takes a thread out of its memory calls by siglongjmp, thousands of times, while
 * other threads map. Nothing that such a call holds may stay held. With a second argument, the next
 * calls are made from deeper stacks, by up to so many frames, and each time from another stack.
 */
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/syscall.h>

#include "target.h"

#define OTHERS 3

/*
 * The thread maps in an area of its own, so that maps from an interrupted call are replaced and not
 * leaked.
 */
#define AREA ((char *)0x5000000000)

static sigjmp_buf out;
static volatile sig_atomic_t armed;
static atomic_int finished;
static atomic_ulong rounds_of_others;

static void jump(int signal_number)
{
	(void)signal_number;
	if (armed) {
		armed = 0;
		siglongjmp(out, 1);
	}
}

static void *others(void *unused)
{
	sigset_t alarm_only;

	(void)unused;
	sigemptyset(&alarm_only);
	sigaddset(&alarm_only, SIGALRM);
	pthread_sigmask(SIG_BLOCK, &alarm_only, NULL);
	while (!atomic_load(&finished)) {
		map_and_cut();
		atomic_fetch_add(&rounds_of_others, 1);
	}
	return NULL;
}

static void call(void)
{
	const int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED;

	REQUIRE(mmap(AREA, 3 * PAGE, PROT_READ | PROT_WRITE, flags, -1, 0) == AREA);
	REQUIRE(mprotect(AREA + PAGE, PAGE, PROT_READ) == 0);
	REQUIRE(munmap(AREA + PAGE, PAGE) == 0);
	REQUIRE(munmap(AREA, 3 * PAGE) == 0);
}

static long dive(long depth, long turns);

static __attribute__((noinline)) long dive_aside(long depth, long turns)
{
	volatile char ballast[100];

	ballast[0] = 1;
	return dive(depth, turns) + ballast[0];
}

static __attribute__((noinline)) long dive(long depth, long turns)
{
	volatile char ballast[200];

	ballast[0] = 1;
	if (depth > 0 && (turns & 1))
		return dive_aside(depth - 1, turns / 2) + ballast[0];
	if (depth > 0)
		return dive(depth - 1, turns / 2) + ballast[0];
	while (armed >= 0)
		call();
	return ballast[0];
}

static int count_descriptors(void)
{
	int count = 0;

	for (int fd = 0; fd < 100; fd++)
		count += fcntl(fd, F_GETFD) >= 0;
	return count;
}

static timer_t start_timer(long nanoseconds)
{
	struct sigevent event = { .sigev_notify = SIGEV_THREAD_ID, .sigev_signo = SIGALRM };
	struct itimerspec every = { { 0, nanoseconds }, { 0, nanoseconds } };
	struct sigaction action = { .sa_handler = jump };
	timer_t timer;

	event._sigev_un._tid = (int)syscall(SYS_gettid);
	REQUIRE(sigaction(SIGALRM, &action, NULL) == 0);
	REQUIRE(timer_create(CLOCK_MONOTONIC, &event, &timer) == 0);
	REQUIRE(timer_settime(timer, 0, &every, NULL) == 0);
	return timer;
}

int main(int argc, char **argv)
{
	const volatile long jumps = argument(argc, argv, 1, 4000);
	const volatile long deepest = argument(argc, argv, 2, 0);
	const int descriptors = count_descriptors();
	volatile long done = 0;
	pthread_t threads[OTHERS];
	timer_t timer;
	double start;

	for (int i = 0; i < OTHERS; i++)
		REQUIRE(pthread_create(&threads[i], NULL, others, NULL) == 0);
	start = seconds_now();
	timer = start_timer(500000);
	if (sigsetjmp(out, 1))
		done++;
	if (done < jumps) {
		armed = 1;
		dive(deepest ? (done * 7) % deepest : 0, done);
	}
	timer_delete(timer);
	print_rate("mutations", (double)atomic_load(&rounds_of_others) / (seconds_now() - start));
	atomic_store(&finished, 1);
	for (int i = 0; i < OTHERS; i++)
		pthread_join(threads[i], NULL);
	map_and_cut(); /* the call after an interrupted one cleans up */
	printf("%ld jumps, the others went on: %s, %d descriptors more\n", (long)done,
	       atomic_load(&rounds_of_others) > 0 ? "yes" : "no",
	       count_descriptors() - descriptors);
	return 0;
}
