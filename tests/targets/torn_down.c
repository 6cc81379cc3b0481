/* SPDX-License-Identifier: MIT */
/*
 * Keeps N maps until it ends, or gives them back while it runs. Arguments: N, and who gives them
 * back: exit (an exit handler), threads (one, while a thread maps others), runtime (a function that a
 * runtime calls before it exits), part (what is left of one where the compiler moved its beginning into
 * its callers), itself (main), requests (a function that a runtime calls for each request as well).
 */
#include "target.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>

static void *kept[1000];
static long count;

static void __attribute__((noinline)) keep(long wanted)
{
	REQUIRE(wanted <= (long)(sizeof(kept) / sizeof(*kept)));
	while (count < wanted) {
		/* A shared map never merges. */
		kept[count] = mmap(NULL, PAGE, PROT_READ, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
		REQUIRE(kept[count++] != MAP_FAILED);
	}
}

static void give_back(void)
{
	while (count)
		REQUIRE(munmap(kept[--count], PAGE) == 0);
}

static atomic_int is_ending, has_mapped;

static void *map_at_the_end(void *unused)
{
	while (!is_ending)
		sched_yield();
	keep(10);
	has_mapped = 1;
	return unused;
}

static void give_back_beside_a_thread(void)
{
	give_back();
	is_ending = 1;
	while (!has_mapped)
		sched_yield();
}

static void start_a_thread(void)
{
	pthread_t thread;

	REQUIRE(pthread_create(&thread, NULL, map_at_the_end, NULL) == 0);
	REQUIRE(atexit(give_back_beside_a_thread) == 0);
}

/* Named like lua's function, and not inlined. */
void lua_close(void);
void __attribute__((noinline)) lua_close(void)
{
	give_back();
	__asm__ volatile("");
}

/* As gcc names what is left of python 3.13's. */
void finalize_part(void) __asm__("_Py_Finalize.part.0.constprop.0");
void __attribute__((noinline)) finalize_part(void)
{
	give_back();
	__asm__ volatile("");
}

int main(int argc, char **argv)
{
	long wanted = argument(argc, argv, 1, 200);
	const char *who = argc > 2 ? argv[2] : "exit";

	if (!strcmp(who, "exit"))
		REQUIRE(atexit(give_back) == 0);
	if (!strcmp(who, "threads"))
		start_a_thread();
	for (int i = 0; !strcmp(who, "requests") && i < 5; i++) {
		keep(wanted);
		lua_close();
	}
	if (strcmp(who, "requests"))
		keep(wanted);
	if (!strcmp(who, "runtime"))
		lua_close();
	if (!strcmp(who, "part"))
		finalize_part();
	if (!strcmp(who, "itself"))
		give_back();
	return 0;
}
