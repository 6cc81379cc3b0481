/* SPDX-License-Identifier: MIT */
/*
 * One measurement per run: `bench NAME ROUNDS [N [DEPTH]]` prints the nanoseconds that one round
 * took, on a stack that is DEPTH frames deeper; some measurements also print the processor's
 * nanoseconds. scripts/bench.sh runs it with and without the library, in turns. The program must do
 * nothing but what is measured. Measurements of scale are in many.c.
 */
#include "bench.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define DEPTH 14

double bench_now(clockid_t clock)
{
	struct timespec now;

	/* The cost of a tracer in another process shows only in wall clock time. */
	clock_gettime(getenv("BENCH_WALL") ? CLOCK_MONOTONIC : clock, &now);
	return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

static void die(const char *what)
{
	perror(what);
	exit(3);
}

/*
 * 	rw- in use | --- | hole | ---
 *
 * The place where the kernel puts a page depends on which libraries are loaded, and the cost of the
 * page on its neighbours: a page that merges with a map in use needs no anon_vma, and a page in a
 * page table in use needs no new table. The page has a fixed place here, so that the kernel has the
 * same work with and without a library.
 */
static char *make_hole(void)
{
	char *at = mmap(NULL, 4 * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	while (at != MAP_FAILED &&
	       ((uintptr_t)at ^ (uintptr_t)(at + 3 * PAGE)) >> 21) /* they are in two page tables */
		at = mmap(NULL, 4 * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (at == MAP_FAILED || mprotect(at, PAGE, PROT_READ | PROT_WRITE) ||
	    munmap(at + 2 * PAGE, PAGE))
		die("mmap");
	*(volatile char *)at = 1;
	return at + 2 * PAGE;
}

char *bench_map_page(void)
{
	static _Thread_local char *hole;
	char *at;

	if (!hole)
		hole = make_hole();
	at = mmap(hole, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (at == MAP_FAILED)
		die("mmap");
	return at;
}

__attribute__((noinline)) void bench_at_depth(int depth, long rounds, void (*run)(long rounds))
{
	volatile int here = depth;

	if (depth <= 0)
		run(rounds);
	else
		bench_at_depth(depth - 1, rounds, run);
	(void)here;
}

void bench_map_touch_unmap(long rounds)
{
	for (long i = 0; i < rounds; i++) {
		char *at = bench_map_page();

		*(volatile char *)at = 1;
		munmap(at, PAGE);
	}
}

static void map_unmap(long rounds)
{
	for (long i = 0; i < rounds; i++)
		munmap(bench_map_page(), PAGE);
}

/* Unmap and map the middle page of three: a split and a merge each round. */
static void mprotect_flips(long rounds)
{
	char *at = mmap(NULL, 3 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (at == MAP_FAILED)
		die("mmap");
	for (long i = 0; i < rounds; i++) {
		if (mprotect(at + PAGE, PAGE, PROT_READ) ||
		    mprotect(at + PAGE, PAGE, PROT_READ | PROT_WRITE))
			die("mprotect");
	}
	munmap(at, 3 * PAGE);
}

static void malloc_small(long rounds)
{
	for (long i = 0; i < rounds; i++) {
		char *volatile block = malloc(16 + (size_t)(i * 61) % 1008);

		free(block);
	}
}

/* glibc never takes so much from its heap: each block is a map of its own. */
static void malloc_large(long rounds)
{
	for (long i = 0; i < rounds; i++) {
		char *volatile block = malloc((size_t)40 << 20);

		if (!block)
			die("malloc");
		*block = 1;
		free(block);
	}
}

static void *malloc_in_thread(void *rounds)
{
	malloc_small(*(long *)rounds);
	return NULL;
}

static void malloc_two_threads(long rounds)
{
	pthread_t other;

	if (pthread_create(&other, NULL, malloc_in_thread, &rounds))
		exit(3);
	malloc_small(rounds);
	pthread_join(other, NULL);
}

static void *nothing(void *unused)
{
	return unused;
}

static void thread_create_join(long rounds)
{
	for (long i = 0; i < rounds; i++) {
		pthread_t thread;

		if (pthread_create(&thread, NULL, nothing, NULL))
			exit(3);
		pthread_join(thread, NULL);
	}
}

/* The plugin lies beside the program. */
static void dlopen_dlclose(long rounds)
{
	char path[4096];
	ssize_t n = readlink("/proc/self/exe", path, sizeof(path) - 32);

	if (n < 0)
		die("/proc/self/exe");
	path[n] = '\0';
	strcpy(strrchr(path, '/') + 1, "bench-plugin.so");
	for (long i = 0; i < rounds; i++) {
		void *plugin = dlopen(path, RTLD_NOW);

		if (!plugin) {
			fprintf(stderr, "%s\n", dlerror());
			exit(3);
		}
		dlclose(plugin);
	}
}

static void fork_exit(long rounds)
{
	for (long i = 0; i < rounds; i++) {
		pid_t pid = fork();

		if (pid == 0)
			_exit(0);
		if (pid < 0 || waitpid(pid, NULL, 0) != pid)
			die("fork");
	}
}

/*
 * The measured calls are made from a stack with the frames main, bench_at_depth, run_it, run_named,
 * run_timed, and bench_at_depth's first frame.
 */
static const struct call {
	const char *name;
	int depth;
	clockid_t clock;
	void (*run)(long rounds);
} calls[] = {
	{ "map-touch-unmap", DEPTH, BENCH_OWN, bench_map_touch_unmap },
	{ "map-unmap", DEPTH, BENCH_OWN, map_unmap },
	{ "mprotect-flips", DEPTH, BENCH_OWN, mprotect_flips },
	{ "malloc-small", 0, BENCH_OWN, malloc_small },
	{ "malloc-large", 0, BENCH_OWN, malloc_large },
	{ "malloc-two", 0, CLOCK_MONOTONIC, malloc_two_threads },
	{ "thread", 0, CLOCK_MONOTONIC, thread_create_join },
	{ "dlopen", 0, BENCH_OWN, dlopen_dlclose },
	{ "fork", 0, CLOCK_MONOTONIC, fork_exit },
};

static double run_timed(const struct call *call, long rounds)
{
	double start;

	/*
	 * The cost of a first call (binding, caches, the first arena) is not part of this
	 * measurement.
	 */
	bench_at_depth(call->depth - 8, rounds / 20 + 1, call->run);
	start = bench_now(call->clock);
	bench_at_depth(call->depth - 8, rounds, call->run);
	return bench_now(call->clock) - start;
}

static double run_named(const char *name, long rounds, long n)
{
	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
		if (!strcmp(calls[i].name, name))
			return run_timed(&calls[i], rounds);
	}
	for (size_t i = 0; i < bench_many_count; i++) {
		if (!strcmp(bench_many[i].name, name))
			return bench_many[i].run(rounds, n);
	}
	fprintf(stderr, "usage: bench NAME ROUNDS [N]; %s is none of\n", name);
	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++)
		fprintf(stderr, "  %s\n", calls[i].name);
	for (size_t i = 0; i < bench_many_count; i++)
		fprintf(stderr, "  %s\n", bench_many[i].name);
	exit(2);
}

double bench_processor_ns;
static const char *the_name;
static long the_n;
static double result;

static void run_it(long rounds)
{
	result = run_named(the_name, rounds, the_n);
}

int main(int argc, char **argv)
{
	long rounds = argc > 2 ? atol(argv[2]) : 0;

	rounds = rounds < 1 ? 1 : rounds;
	the_name = argc > 1 ? argv[1] : "";
	the_n = argc > 3 ? atol(argv[3]) : 0;
	bench_at_depth(argc > 4 ? atoi(argv[4]) : 0, rounds, run_it);
	printf("%.1f", result / (double)rounds);
	if (bench_processor_ns > 0)
		printf(" %.1f", bench_processor_ns / (double)rounds);
	putchar('\n');
	return 0;
}
