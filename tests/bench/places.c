/* SPDX-License-Identifier: MIT */
/*
 * BENCH_PLACES functions, each of which calls mmap, munmap and mprotect at a place of its own.
 * Together with the depth they are called from, they give as many different stacks as are needed.
 * Part of bench.c.
 */
#include "bench.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

static void fail(void)
{
	perror("a call at a place");
	exit(3);
}

/* at == NULL: map a page and unmap it; otherwise make the page readable and writable. */
#define PLACE(n)                                                        \
	static __attribute__((noinline)) void place_##n(char *at)       \
	{                                                               \
		if (at) {                                               \
			if (mprotect(at, PAGE, PROT_READ | PROT_WRITE)) \
				fail();                                 \
			return;                                         \
		}                                                       \
		munmap(bench_map_page(), PAGE);                         \
		__asm__ volatile("");                                   \
	}
/* clang-format off */
#define PLACES_10(n)	PLACE(n##0) PLACE(n##1) PLACE(n##2) PLACE(n##3) PLACE(n##4)	\
			PLACE(n##5) PLACE(n##6) PLACE(n##7) PLACE(n##8) PLACE(n##9)
#define NAMES_10(n)	place_##n##0, place_##n##1, place_##n##2, place_##n##3, place_##n##4,	\
			place_##n##5, place_##n##6, place_##n##7, place_##n##8, place_##n##9
#define TEN(what, n)	what(n##0) what(n##1) what(n##2) what(n##3) what(n##4)	\
			what(n##5) what(n##6) what(n##7) what(n##8) what(n##9)
#define TEN_LISTS(n)	NAMES_10(n##0), NAMES_10(n##1), NAMES_10(n##2), NAMES_10(n##3), NAMES_10(n##4), \
			NAMES_10(n##5), NAMES_10(n##6), NAMES_10(n##7), NAMES_10(n##8), NAMES_10(n##9)

TEN(PLACES_10, 0) TEN(PLACES_10, 1) TEN(PLACES_10, 2) TEN(PLACES_10, 3) TEN(PLACES_10, 4)
TEN(PLACES_10, 5) TEN(PLACES_10, 6) TEN(PLACES_10, 7) TEN(PLACES_10, 8) TEN(PLACES_10, 9)

static void (*const places[])(char *at) = {
	TEN_LISTS(0), TEN_LISTS(1), TEN_LISTS(2), TEN_LISTS(3), TEN_LISTS(4),
	TEN_LISTS(5), TEN_LISTS(6), TEN_LISTS(7), TEN_LISTS(8), TEN_LISTS(9),
};
/* clang-format on */
_Static_assert(sizeof(places) / sizeof(places[0]) == BENCH_PLACES, "as the header says");

static __attribute__((noinline)) void descend(long depth, long place, char *at)
{
	volatile long here = depth;

	if (depth == 0)
		places[place](at);
	else
		descend(depth - 1, place, at);
	(void)here;
}

void bench_map_by_way(long way)
{
	descend(way / BENCH_PLACES, way % BENCH_PLACES, NULL);
}

void bench_protect_by_way(long way, char *at)
{
	descend(way / BENCH_PLACES, way % BENCH_PLACES, at);
}
