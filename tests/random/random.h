/* SPDX-License-Identifier: MIT */
/*
 * Shared by the parts of random_calls: the worker of one thread, and its dice. The program is an
 * ordinary one: it knows nothing of vmatrace, and calls libc as any program does.
 */
#ifndef RANDOM_H
#define RANDOM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PAGE        ((size_t)4096)
#define ARENA_PAGES 64
#define FILE_PAGES  64
#define FREE_MAX    48
#define HEAP_PAGES  64u

/* A map at an address that the kernel chose; only its worker touches it. */
struct free_map {
	char *at;
	size_t pages;
};

/* Descriptors that all workers map. */
struct files {
	int first; /* a file… */
	int second; /* …opened a second time */
	int read_only;
	int memory; /* memfd */
	int zero; /* /dev/zero */
	int pkey; /* -1 if there are no protection keys */
	int segment; /* System V shared memory, FILE_PAGES pages */
	int self; /* a pidfd of this process */
};

struct worker {
	uint64_t state;
	char *arena; /* ARENA_PAGES pages, far from everything that the kernel places */
	char *block; /* all arenas, one after the other */
	size_t block_pages;
	const struct files *files;
	struct free_map free_map[FREE_MAX];
	size_t free_count;
	unsigned long calls; /* how many calls to make */
	unsigned long forks; /* after so many calls, a child continues; 0 = never */
	unsigned long made;
	bool is_alone; /* no other threads */
	char *rare; /* 4 GiB of addresses for calls that need a place of their own */
	char *corner; /* pages that get sealed */
	unsigned long corner_calls;
	int userfault;
	char *attached; /* where the segment was attached last */
	unsigned long ring; /* an aio context, or 0 */
	intptr_t break_grown;
	char *heap; /* HEAP_PAGES pages, the first of which are accessible; NULL = none */
	size_t heap_used;
};

uint64_t random_next(struct worker *worker);

/* Returns a number from 0 to bound - 1. */
static inline size_t random_below(struct worker *worker, size_t bound)
{
	return (size_t)((random_next(worker) >> 17) % bound);
}

/* True in one of `in` cases. */
static inline bool random_once(struct worker *worker, size_t in)
{
	return random_below(worker, in) == 0;
}

/* Returns a range of the arena, which sometimes extends into the next arena. */
struct free_map random_range(struct worker *worker);

/* Remember a map outside the arenas; if the list is full, its oldest map is unmapped. */
void random_keep(struct worker *worker, char *at, size_t pages);

void random_mmap(struct worker *worker);
/* one call that an allocator would make on its own memory */
void random_heap(struct worker *worker);
void random_munmap(struct worker *worker);
void random_mremap(struct worker *worker);
void random_mprotect(struct worker *worker);
void random_madvise(struct worker *worker);
void random_mlock(struct worker *worker);
void random_mbind(struct worker *worker);
void random_free_map(struct worker *worker); /* one call on a map outside the arenas */
void random_failure(struct worker *worker); /* one invalid call */
void random_rare(struct worker *worker); /* calls that few programs make */
void random_open_userfault(struct worker *worker);
void random_touch(struct worker *worker); /* not a call: read or write a page */

#endif
