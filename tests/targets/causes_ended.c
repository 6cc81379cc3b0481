/* SPDX-License-Identifier: MIT */
/*
 * Ways to use up maps, like those of causes.c, in which something has ended, was moved away, or stays
 * as it is after a start: threads that are gone while their stacks are not, guards whose memory is
 * gone, memory that mremap took from where it was. The second argument says how often.
 */
#include <malloc.h>
#include <pthread.h>

#include "target.h"

#define FOREVER 1000l
#define PRIVATE (MAP_PRIVATE | MAP_ANONYMOUS)
#define ACCESS  (PROT_READ | PROT_WRITE)
#define SMALL   65536u
#define MOST    1000

static pthread_barrier_t all_are_there;

static char *map_with(size_t pages, int prot, int flags)
{
	char *map = mmap(NULL, pages * PAGE, prot, flags, -1, 0);

	REQUIRE(map != MAP_FAILED);
	return map;
}

static void *meet(void *unused)
{
	pthread_barrier_wait(&all_are_there);
	return unused;
}

static void start_small(pthread_t *thread, void *(*run)(void *))
{
	pthread_attr_t attributes;

	pthread_attr_init(&attributes);
	pthread_attr_setstacksize(&attributes, SMALL);
	REQUIRE(pthread_create(thread, &attributes, run, NULL) == 0);
}

/* Threads that run at the same time, and are then joined: glibc keeps their stacks. */
static void join_all(long count)
{
	static pthread_t thread[MOST];

	REQUIRE(count <= MOST);
	pthread_barrier_init(&all_are_there, NULL, (unsigned)count + 1);
	for (long i = 0; i < count; i++)
		start_small(&thread[i], meet);
	meet(NULL);
	for (long i = 0; i < count; i++)
		pthread_join(thread[i], NULL);
}

/* Each thread makes accessible what it takes signals on; these lie among the stacks. */
static void *open_own(void *unused)
{
	char *at = map_with(4, PROT_NONE, PRIVATE);

	REQUIRE(mprotect(at + PAGE, 3 * PAGE, ACCESS) == 0);
	pthread_barrier_wait(&all_are_there);
	for (;;)
		pause();
	return unused;
}

static void open_in_each(long count)
{
	pthread_t thread;

	pthread_barrier_init(&all_are_there, NULL, (unsigned)count + 1);
	for (long i = 0; i < count; i++)
		start_small(&thread, open_own);
	meet(NULL);
}

/* Pages are moved out of a range, each to the front of addresses reserved for it. */
static void move_into(long count)
{
	char *from = map_pages(2 * (size_t)count);

	for (long i = 0; i < count; i++) {
		char *to = map_with(4, PROT_NONE, PRIVATE);

		REQUIRE(mremap(from + 2 * (size_t)i * PAGE, PAGE, PAGE,
			       MREMAP_MAYMOVE | MREMAP_FIXED, to) == to);
	}
}

/* Each second page of a range that has been written to is moved, all to one place. */
static void gather_pieces(long count)
{
	char *from = map_pages(2 * (size_t)count);
	char *to = map_with((size_t)count, PROT_NONE, PRIVATE);

	memset(from, 1, 2 * (size_t)count * PAGE);
	for (long i = 0; i < count; i++)
		REQUIRE(mremap(from + 2 * (size_t)i * PAGE, PAGE, PAGE,
			       MREMAP_MAYMOVE | MREMAP_FIXED, to + (size_t)i * PAGE) != MAP_FAILED);
}

/* What is given back is the memory, and not the guard below it. */
static void forget_guards(long count)
{
	for (long i = 0; i < count; i++) {
		char *at = map_pages(5);

		REQUIRE(mprotect(at, PAGE, PROT_NONE) == 0);
		REQUIRE(munmap(at + PAGE, 4 * PAGE) == 0);
	}
}

/* One line maps for both kinds of use. */
static void mix_flags(long count)
{
	for (long i = 0; i < count; i++)
		map_with(2, ACCESS, PRIVATE | (i & 1 ? MAP_NORESERVE : 0));
}

/* Large blocks that grow, of which each second one is freed. */
static void grow_blocks(long count)
{
	static char *block[MOST];

	REQUIRE(count <= MOST);
	for (long i = 0; i < count; i++)
		block[i] = malloc(140000);
	for (size_t times = 2; times < 5; times++)
		for (long i = 0; i < count; i++)
			block[i] = realloc(block[i], 140000 * times);
	for (long i = 0; i < count; i += 2)
		free(block[i]);
}

/* The objects are made in the beginning, and stay; what follows leaves nothing. */
static void start_up(long count)
{
	for (long i = 0; i < count; i++)
		REQUIRE(mprotect(map_pages(2), PAGE, PROT_NONE) == 0);
	for (double until = seconds_now() + 0.4; seconds_now() < until;)
		REQUIRE(munmap(map_with(1, PROT_READ, PRIVATE), PAGE) == 0);
}

/* Up and down, many times in less than a second. */
static void rise_and_fall(long count)
{
	static char *map[MOST];

	REQUIRE(count <= MOST);
	for (int times = 0; times < 10; times++) {
		for (long i = 0; i < count; i++) {
			map[i] = map_pages(2);
			REQUIRE(mprotect(map[i], PAGE, PROT_NONE) == 0);
		}
		usleep(20000);
		for (long i = 0; i < count; i++)
			REQUIRE(munmap(map[i], 2 * PAGE) == 0);
		usleep(20000);
	}
}

static const struct target_way ways[] = {
	{ "join-all", join_all },           { "open-in-each", open_in_each },
	{ "move-into", move_into },         { "gather-pieces", gather_pieces },
	{ "forget-guards", forget_guards }, { "mix-flags", mix_flags },
	{ "grow-blocks", grow_blocks },     { "start-up", start_up },
	{ "rise-and-fall", rise_and_fall },
};

int main(int argc, char **argv)
{
	return run_way(ways, sizeof(ways) / sizeof(*ways), argc, argv, FOREVER);
}
