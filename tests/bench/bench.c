/* SPDX-License-Identifier: MIT */
/*
 * One measurement per run: `bench NAME` prints the nanoseconds that one round took. It is
 * scripts/bench.sh that runs it with and without the library, in turns. Must itself do
 * nothing but the thing measured; each measurement takes about 0.2 s.
 */
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define PAGE ((size_t)4096)
#define DEPTH 14

struct bench {
	const char *name;
	long rounds;
	void (*run)(long rounds);
};

static double now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

static char *map_page(void)
{
	char *at = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (at == MAP_FAILED) {
		perror("mmap");
		exit(3);
	}
	return at;
}

/* Called through a chain of frames, as a program's own calls are. */
static __attribute__((noinline)) void at_depth(int depth, long rounds, void (*run)(long rounds))
{
	volatile int here = depth;

	if (depth == 0)
		run(rounds);
	else
		at_depth(depth - 1, rounds, run);
	(void)here;
}

static void map_touch_unmap(long rounds)
{
	for (long i = 0; i < rounds; i++) {
		char *at = map_page();

		*(volatile char *)at = 1;
		munmap(at, PAGE);
	}
}

static void map_unmap(long rounds)
{
	for (long i = 0; i < rounds; i++)
		munmap(map_page(), PAGE);
}

static void deep_map_touch_unmap(long rounds)
{
	at_depth(DEPTH - 3, rounds, map_touch_unmap);
}

static void deep_map_unmap(long rounds)
{
	at_depth(DEPTH - 3, rounds, map_unmap);
}

/* The middle page of three: a split and a merge each round. */
static void mprotect_flips(long rounds)
{
	char *at = mmap(NULL, 3 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	for (long i = 0; i < rounds; i++) {
		mprotect(at + PAGE, PAGE, PROT_READ);
		mprotect(at + PAGE, PAGE, PROT_READ | PROT_WRITE);
	}
	munmap(at, 3 * PAGE);
}

static void malloc_free(long rounds)
{
	for (long i = 0; i < rounds; i++) {
		char *volatile block = malloc(16 + (size_t)(i * 61) % 1008);

		free(block);
	}
}

static void *malloc_in_thread(void *rounds)
{
	malloc_free(*(long *)rounds);
	return NULL;
}

static void malloc_free_two_threads(long rounds)
{
	pthread_t other;

	if (pthread_create(&other, NULL, malloc_in_thread, &rounds))
		exit(3);
	malloc_free(rounds);
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

static void fork_exit(long rounds)
{
	for (long i = 0; i < rounds; i++) {
		pid_t pid = fork();

		if (pid == 0)
			_exit(0);
		waitpid(pid, NULL, 0);
	}
}

/* Among 60,000 maps, each a page apart from the next. */
static void map_unmap_60000(long rounds)
{
	const size_t pages = 120000;
	char *at = mmap(NULL, pages * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	for (size_t page = 1; page < pages; page += 2)
		mprotect(at + page * PAGE, PAGE, PROT_READ);
	map_unmap(rounds);
}

static const struct bench benches[] = {
	{ "map-touch-unmap", 40000, deep_map_touch_unmap },
	{ "map-unmap", 100000, deep_map_unmap },
	{ "mprotect-flips", 60000, mprotect_flips },
	{ "malloc-free", 10000000, malloc_free },
	{ "malloc-free-2", 5000000, malloc_free_two_threads },
	{ "thread", 8000, thread_create_join },
	{ "fork", 1500, fork_exit },
	{ "among-60000", 1, NULL },	/* measured apart, without its preparation */
};

static int measure_among_60000(void)
{
	double start;

	map_unmap_60000(1);
	start = now_ns();
	map_unmap(50000);
	printf("%.1f\n", (now_ns() - start) / 50000);
	return 0;
}

int main(int argc, char **argv)
{
	for (size_t i = 0; argc > 1 && i < sizeof(benches) / sizeof(benches[0]); i++) {
		const struct bench *bench = &benches[i];
		double start;

		if (strcmp(bench->name, argv[1]))
			continue;
		if (!bench->run)
			return measure_among_60000();
		bench->run(bench->rounds / 20);
		start = now_ns();
		bench->run(bench->rounds);
		printf("%.1f\n", (now_ns() - start) / (double)bench->rounds);
		return 0;
	}
	for (size_t i = 0; i < sizeof(benches) / sizeof(benches[0]); i++)
		fprintf(stderr, "%s\n", benches[i].name);
	return 2;
}
