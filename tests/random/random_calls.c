/* SPDX-License-Identifier: MIT */
/*
 * An ordinary program that makes random memory calls, of every kind that changes maps, in one or
 * several threads, with pages touched in between. The library is tried with it: preloaded
 * and told to compare its table with the kernel's after every call, it must find nothing.
 *
 *     random_calls [--calls N] [--seed S] [--threads T] [--forks N]
 *
 * Prints the seed, and at the end how many calls were made. Addresses that the kernel
 * chooses are as random as ever, so a seed gives the same calls but not the same run.
 */
#include "random.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/shm.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define THREADS_MAX 16

/* 64 GiB: the kernel places nothing there unasked. */
#define BLOCK ((char *)0x1000000000)

/* 256 GiB: the kernel places nothing there, either. */
#define RARE ((char *)0x4000000000)

struct kind {
	void (*call)(struct worker *worker);
	unsigned int weight;
};

static const struct kind kinds[] = {
	{ random_mmap, 22 },     { random_munmap, 8 },   { random_mremap, 10 },
	{ random_mprotect, 14 }, { random_madvise, 10 }, { random_mlock, 5 },
	{ random_mbind, 3 },     { random_free_map, 7 }, { random_failure, 4 },
	{ random_rare, 9 },      { random_heap, 8 }, /* per cent */
};

static struct worker workers[THREADS_MAX];
static struct files files;

/* splitmix64 */
uint64_t random_next(struct worker *worker)
{
	uint64_t z = worker->state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

struct free_map random_range(struct worker *worker)
{
	const size_t first =
		(size_t)(worker->arena - worker->block) / PAGE + random_below(worker, ARENA_PAGES);
	const size_t end = (size_t)(worker->arena - worker->block) / PAGE + ARENA_PAGES;
	size_t pages = 1 + random_below(worker, random_once(worker, 4) ? 24 : 6);
	const size_t last = random_once(worker, 20) ? worker->block_pages : end;

	if (first + pages > last)
		pages = last - first;
	return (struct free_map){ worker->block + first * PAGE, pages };
}

static void one_step(struct worker *worker)
{
	size_t dice = random_below(worker, 100);
	size_t i = 0;

	for (; dice >= kinds[i].weight; i++)
		dice -= kinds[i].weight;
	kinds[i].call(worker);
	if (random_once(worker, 4))
		random_touch(worker);
}

/* The parent only waits, and exits as the child did. */
static void go_on_in_child(struct worker *worker)
{
	int status = 0;
	const pid_t child = fork();

	if (child == 0) {
		close(worker->userfault); /* it and the pidfd belong to the parent */
		random_open_userfault(worker);
		close(files.self);
		files.self = (int)syscall(SYS_pidfd_open, getpid(), 0);
		return;
	}
	if (child < 0 || waitpid(child, &status, 0) != child)
		_exit(3);
	_exit(WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
}

static void *work(void *argument)
{
	struct worker *worker = argument;

	random_open_userfault(worker);
	while (worker->made < worker->calls) {
		one_step(worker);
		worker->made++;
		if (worker->forks && worker->made % worker->forks == 0)
			go_on_in_child(worker);
	}
	return NULL;
}

static int open_or_die(const char *path, int flags)
{
	int fd = open(path, flags | O_CLOEXEC);

	if (fd < 0) {
		fprintf(stderr, "%s: %s\n", path, strerror(errno));
		exit(3);
	}
	return fd;
}

static void open_files(void)
{
	char path[] = "/tmp/random_calls.XXXXXX";

	files.first = mkostemp(path, O_CLOEXEC);
	if (files.first < 0 || ftruncate(files.first, FILE_PAGES * (off_t)PAGE)) {
		perror(path);
		exit(3);
	}
	files.second = open_or_die(path, O_RDWR);
	files.read_only = open_or_die(path, O_RDONLY);
	files.zero = open_or_die("/dev/zero", O_RDWR);
	files.memory = memfd_create("random_calls", MFD_CLOEXEC);
	files.pkey = pkey_alloc(0, 0);
	files.segment = shmget(IPC_PRIVATE, FILE_PAGES * PAGE, IPC_CREAT | 0600);
	files.self = (int)syscall(SYS_pidfd_open, getpid(), 0);
	unlink(path);
	if (files.memory < 0 || ftruncate(files.memory, FILE_PAGES * (off_t)PAGE)) {
		perror("memfd");
		exit(3);
	}
	/* Once it is attached, it can be marked for removal, and vanishes with the last process. */
	if (shmat(files.segment, RARE - (1 << 24), 0) == (void *)-1) {
		perror("shmat");
		exit(3);
	}
	shmctl(files.segment, IPC_RMID, NULL);
}

static uint64_t fresh_seed(void)
{
	uint64_t seed;

	if (getrandom(&seed, sizeof(seed), 0) != sizeof(seed))
		seed = (uint64_t)getpid();
	return seed % 1000000000;
}

static void run(unsigned long calls, uint64_t seed, size_t threads, unsigned long forks)
{
	pthread_t thread[THREADS_MAX];

	open_files();
	for (size_t i = 0; i < threads; i++)
		workers[i] = (struct worker){ .state = seed * 1000 + i,
					      .arena = BLOCK + i * ARENA_PAGES * PAGE,
					      .block = BLOCK,
					      .block_pages = threads * ARENA_PAGES,
					      .files = &files,
					      .calls = calls / threads,
					      .forks = threads == 1 ? forks : 0,
					      .is_alone = threads == 1,
					      .rare = RARE + (i << 32) };
	if (threads == 1) {
		work(&workers[0]);
		return;
	}
	for (size_t i = 0; i < threads; i++)
		if (pthread_create(&thread[i], NULL, work, &workers[i])) {
			perror("pthread_create");
			exit(3);
		}
	for (size_t i = 0; i < threads; i++)
		pthread_join(thread[i], NULL);
}

int main(int argc, char **argv)
{
	static const struct option options[] = { { "calls", required_argument, NULL, 'c' },
						 { "seed", required_argument, NULL, 's' },
						 { "threads", required_argument, NULL, 't' },
						 { "forks", required_argument, NULL, 'f' },
						 { NULL, 0, NULL, 0 } };
	unsigned long calls = 100000, threads = 1, forks = 0;
	uint64_t seed = fresh_seed();
	int option;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (option == 'c')
			calls = strtoul(optarg, NULL, 10);
		else if (option == 's')
			seed = strtoull(optarg, NULL, 10);
		else if (option == 'f')
			forks = strtoul(optarg, NULL, 10);
		else if (option == 't')
			threads = strtoul(optarg, NULL, 10);
		else
			return 2;
	}
	if (threads < 1 || threads > THREADS_MAX)
		return 2;
	printf("random_calls: seed %" PRIu64 ", threads %lu\n", seed, threads);
	fflush(stdout);
	run(calls, seed, threads, forks);
	printf("random_calls: %lu calls done\n", calls / threads * threads);
	return 0;
}
