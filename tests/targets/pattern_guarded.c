/* SPDX-License-Identifier: MIT */
/*
 * Slabs of an allocator, each with a header, a guard at its end, and what lies between, which is given
 * back with PROT_NONE in three of four. It is then one map with the guard, so that a change of either
 * alone saves nothing there.
 * Remedy: MADV_DONTNEED for what is given back, and guards that are no maps (MADV_GUARD_INSTALL, Linux
 * 6.13). "decommit" and "guards" are one of the two.
 * Then any of: apart (holes between the slabs), first (the guard comes first, and the header last),
 * inner (a page before the guard stays in use), again (half of them are used and given back once more),
 * bare (only every 40th slab has a guard), trim (none has, and each is closed page by page from its end;
 * there are guards in other memory).
 */
#include "pattern.h"

#include <stdbool.h>

#define GUARD_INSTALL 102
#define SLABS         600

static bool is_said(int argc, char **argv, const char *word)
{
	for (int i = 1; i < argc; i++) {
		if (!strcmp(argv[i], word))
			return true;
	}
	return false;
}

static __attribute__((noinline)) void guard(char *at)
{
	REQUIRE(mprotect(at, PAGE, PROT_NONE) == 0);
}

static __attribute__((noinline)) void give_back(char *at, size_t size, bool stays_open)
{
	REQUIRE(madvise(at, size, MADV_DONTNEED) == 0);
	if (!stays_open)
		REQUIRE(mprotect(at, size, PROT_NONE) == 0);
}

static __attribute__((noinline)) void use_again(char *at, size_t size)
{
	REQUIRE(mprotect(at, size, PROT_READ | PROT_WRITE) == 0);
	at[0] = 1;
}

/* In each slab, nearly every call closes what touches closed memory. */
static void trim(char *at, size_t step, bool stays_open)
{
	for (size_t i = 0; i < SLABS; i++) {
		for (size_t page = BLOCK / PAGE - 1; page > 1; page--)
			give_back(at + i * step + page * PAGE, PAGE, stays_open);
	}
	for (size_t i = 0; i < SLABS; i++)
		guard(map_pages(3) + 2 * PAGE);
}

int main(int argc, char **argv)
{
	bool both = has_remedy(argc, argv), stays_open = both || is_said(argc, argv, "decommit");
	bool is_first = is_said(argc, argv, "first");
	size_t step = is_said(argc, argv, "apart") ? 2 * BLOCK : BLOCK;
	size_t size = BLOCK - (is_said(argc, argv, "inner") ? 3 : 2) * PAGE;
	char *at = reserve(SLABS * step, PROT_READ | PROT_WRITE, 0);

	at[PAGE] = 1; /* memory that was in use stays accounted for when it is closed */
	for (size_t i = 0; i < SLABS; i++) {
		char *slab = at + i * step;

		if (step > BLOCK)
			REQUIRE(munmap(slab + BLOCK, step - BLOCK) == 0);
		if (is_said(argc, argv, "trim"))
			continue;
		if (is_said(argc, argv, "bare") && i % 40)
			continue;
		if (!both && !is_said(argc, argv, "guards"))
			guard(is_first ? slab : slab + BLOCK - PAGE);
		else if (madvise(is_first ? slab : slab + BLOCK - PAGE, PAGE, GUARD_INSTALL))
			return CANNOT;
	}
	if (is_said(argc, argv, "trim"))
		trim(at, step, stays_open);
	for (size_t i = 0; i < SLABS && !is_said(argc, argv, "trim"); i++) {
		if (i % 4)
			give_back(at + i * step + PAGE, size, stays_open);
	}
	for (size_t i = 0; i < SLABS && is_said(argc, argv, "again"); i++) {
		if (i % 4 < 2)
			continue;
		if (!stays_open)
			use_again(at + i * step + PAGE, size);
		give_back(at + i * step + PAGE, size, stays_open);
	}

	stay();
	return 0;
}
