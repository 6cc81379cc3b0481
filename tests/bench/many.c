/* SPDX-License-Identifier: MIT */
/*
 * Measurements of scale, part of bench.c: a call among n maps, by n threads, from n call sites,
 * from a stack of n frames; and a program that keeps n maps for others to look at.
 */
#include "bench.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>
#include <sys/wait.h>
#include <unistd.h>

/*
 * Make n adjacent maps, of which every other one is readable. Returns the time of the longest call.
 */
static double make_maps(long n)
{
	double longest = 0;
	char *at = mmap(NULL, (size_t)n * PAGE, PROT_NONE,
			MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (at == MAP_FAILED) {
		perror("mmap");
		exit(3);
	}
	for (long page = 1; page < n; page += 2) {
		double start = bench_now(BENCH_OWN);

		if (mprotect(at + (size_t)page * PAGE, PAGE, PROT_READ)) {
			perror("mprotect");
			exit(3);
		}
		start = bench_now(BENCH_OWN) - start;
		longest = start > longest ? start : longest;
	}
	return longest;
}

static double timed(long rounds)
{
	double start;

	bench_map_touch_unmap(rounds / 20 + 1);
	start = bench_now(BENCH_OWN);
	bench_map_touch_unmap(rounds);
	return bench_now(BENCH_OWN) - start;
}

static double among_maps(long rounds, long n)
{
	make_maps(n);
	return timed(rounds);
}

static double at_frames(long rounds, long n)
{
	double start;

	bench_at_depth((int)n - 9, rounds / 20 + 1, bench_map_touch_unmap);
	start = bench_now(BENCH_OWN);
	bench_at_depth((int)n - 9, rounds, bench_map_touch_unmap);
	return bench_now(BENCH_OWN) - start;
}

/* The longest of the calls that make n maps, one after another. */
static double longest_call(long rounds, long n)
{
	return make_maps(n) * (double)rounds;
}

struct team {
	pthread_barrier_t start;
	pthread_once_t once;
	void (*work)(long rounds);
	long rounds;
};

static double team_start, team_processor;

/* By the first thread that goes on: on one processor, much is done before the others run again. */
static void note_start(void)
{
	team_start = bench_now(CLOCK_MONOTONIC);
	team_processor = bench_now(CLOCK_PROCESS_CPUTIME_ID);
}

static void *member(void *argument)
{
	struct team *team = argument;

	team->work(team->rounds / 20 + 1);
	pthread_barrier_wait(&team->start);
	pthread_once(&team->once, note_start);
	team->work(team->rounds);
	pthread_barrier_wait(&team->start);
	return NULL;
}

/*
 * The rounds are divided among the threads: the result is the time of one round, not of one thread.
 */
static double share_out(long rounds, long n, void (*work)(long rounds))
{
	struct team team = { .work = work, .rounds = rounds / n + 1, .once = PTHREAD_ONCE_INIT };
	pthread_t *thread = calloc((size_t)n, sizeof(*thread));
	double time;

	if (!thread || pthread_barrier_init(&team.start, NULL, (unsigned)n + 1))
		exit(3);
	for (long i = 0; i < n; i++) {
		if (pthread_create(&thread[i], NULL, member, &team))
			exit(3);
	}
	pthread_barrier_wait(&team.start);
	pthread_barrier_wait(&team.start);
	time = bench_now(CLOCK_MONOTONIC) - team_start;
	bench_processor_ns = bench_now(CLOCK_PROCESS_CPUTIME_ID) - team_processor;
	for (long i = 0; i < n; i++)
		pthread_join(thread[i], NULL);
	free(thread);
	return time;
}

static double by_threads(long rounds, long n)
{
	return share_out(rounds, n, bench_map_touch_unmap);
}

/* Map memory, touch it, sometimes cut it, and give it back. */
static void map_and_cut(long rounds)
{
	const size_t length = 16 * PAGE;

	for (long i = 0; i < rounds; i++) {
		char *area = mmap(NULL, length, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
				  -1, 0);

		if (area == MAP_FAILED)
			exit(3);
		*(volatile char *)area = 1;
		if ((i % 16 == 0 && mprotect(area + 4 * PAGE, PAGE, PROT_READ)) ||
		    munmap(area, length))
			exit(3);
	}
}

/* Threads that do little else, on hardly enough processors. */
static double contend(long rounds, long n)
{
	return share_out(rounds, n ? n : 16, map_and_cut);
}

/* Blocks of all sizes up to 256 KiB, 64 of them at a time; each thread of glibc has an arena. */
static void fill_arena(long rounds)
{
	char *kept[64] = { NULL };

	for (long i = 0; i < rounds; i++) {
		char **slot = &kept[i * 7919 % 64];

		free(*slot);
		*slot = malloc(64 + (size_t)(i * 104729) % (256 * 1024));
		if (!*slot)
			exit(3);
		**slot = 1;
	}
	for (size_t i = 0; i < 64; i++)
		free(kept[i]);
}

static double among_arenas(long rounds, long n)
{
	return share_out(rounds, n, fill_arena);
}

static void *serve(void *unused)
{
	fill_arena(16);
	return unused;
}

/* A thread with a stack of 64 KiB for each connection, n of them at a time. */
static double serve_connections(long rounds, long n)
{
	pthread_t *thread = calloc((size_t)n, sizeof(*thread));
	double start = bench_now(CLOCK_MONOTONIC);
	double processor = bench_now(CLOCK_PROCESS_CPUTIME_ID);
	pthread_attr_t small;

	if (!thread || pthread_attr_init(&small) || pthread_attr_setstacksize(&small, 64 * 1024))
		exit(3);
	for (long i = 0; i < rounds + n; i++) {
		if (i >= n)
			pthread_join(thread[i % n], NULL);
		if (i < rounds && pthread_create(&thread[i % n], &small, serve, NULL))
			exit(3);
	}
	free(thread);
	bench_processor_ns = bench_now(CLOCK_PROCESS_CPUTIME_ID) - processor;
	return bench_now(CLOCK_MONOTONIC) - start;
}

/* Fork children that make a few calls and exit. */
static double have_children(long rounds, long n)
{
	double start = bench_now(CLOCK_MONOTONIC);

	for (long i = 0; i < rounds; i++) {
		pid_t pid = fork();

		if (pid == 0) {
			map_and_cut(n);
			exit(0);
		}
		if (pid < 0 || waitpid(pid, NULL, 0) != pid)
			exit(3);
	}
	return bench_now(CLOCK_MONOTONIC) - start;
}

/* Calls from n / 2 different stacks, which are n call sites; all have been seen once before. */
static double from_sites(long rounds, long n)
{
	double start = 0;

	/* There is one loop only, since another call would make other stacks. */
	for (long i = -(n / 2); i < rounds; i++) {
		if (i == 0)
			start = bench_now(BENCH_OWN);
		bench_map_by_way(i < 0 ? i + n / 2 : i * 7919 % (n / 2));
	}
	return bench_now(BENCH_OWN) - start;
}

/* The first call from each of them. */
static double from_new_sites(long rounds, long n)
{
	double start = bench_now(BENCH_OWN);

	(void)n;
	for (long i = 0; i < rounds; i++)
		bench_map_by_way(i);
	return bench_now(BENCH_OWN) - start;
}

/* Leave 2 * rounds maps behind, put by n call sites. */
static double leave_maps(long rounds, long n)
{
	char *at = mmap(NULL, 2 * (size_t)rounds * PAGE, PROT_NONE,
			MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	double start = bench_now(BENCH_OWN);

	if (at == MAP_FAILED)
		exit(3);
	for (long i = 0; i < rounds; i++)
		bench_protect_by_way(i % n, at + (2 * (size_t)i + 1) * PAGE);
	return bench_now(BENCH_OWN) - start;
}

/* The same; then print the time (CLOCK_MONOTONIC) and exit. */
static double leave_and_say(long rounds, long n)
{
	leave_maps(rounds, n);
	return bench_now(CLOCK_MONOTONIC) * (double)rounds;
}

/*
 * Make n maps, and calls from 2 * rounds call sites, and wait until standard input ends. A
 * recording that has grown gives its old places back after a second.
 */
static double hold_maps(long rounds, long n)
{
	const struct timespec readers = { .tv_sec = 1, .tv_nsec = 100000000 };
	char byte;

	for (long i = 0; i < rounds; i++)
		bench_map_by_way(i);
	make_maps(n);
	nanosleep(&readers, NULL);
	bench_map_by_way(0);
	if (write(STDOUT_FILENO, "ready\n", 6) != 6)
		exit(3);
	while (read(STDIN_FILENO, &byte, 1) > 0)
		;
	return 0;
}

const struct bench bench_many[] = {
	{ "maps", among_maps },        { "frames", at_frames },
	{ "longest", longest_call },   { "threads", by_threads },
	{ "sites", from_sites },       { "new-sites", from_new_sites },
	{ "leave", leave_maps },       { "leave-and-say", leave_and_say },
	{ "hold", hold_maps },         { "contend", contend },
	{ "arenas", among_arenas },    { "connections", serve_connections },
	{ "children", have_children },
};
const size_t bench_many_count = sizeof(bench_many) / sizeof(bench_many[0]);
