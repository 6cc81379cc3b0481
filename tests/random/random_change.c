/* SPDX-License-Identifier: MIT */
/*
 * Random calls that change existing maps: protection, advice, locks, memory policy; calls on maps
 * outside the arenas; invalid calls; and the accesses in between.
 */
#include "random.h"

#include <stdio.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Newer than Debian 12's headers. */
#define ADVICE_GUARD_INSTALL 102
#define ADVICE_GUARD_REMOVE  103

/* From linux/mempolicy.h, without libnuma. */
#define POLICY_COUNT 5

static const int changing_advice[] = { MADV_NORMAL,     MADV_RANDOM,      MADV_SEQUENTIAL,
				       MADV_DONTFORK,   MADV_DOFORK,      MADV_WIPEONFORK,
				       MADV_KEEPONFORK, MADV_DONTDUMP,    MADV_DODUMP,
				       MADV_MERGEABLE,  MADV_UNMERGEABLE, MADV_HUGEPAGE,
				       MADV_NOHUGEPAGE };
static const int other_advice[] = { MADV_POPULATE_READ,  MADV_POPULATE_WRITE, ADVICE_GUARD_INSTALL,
				    ADVICE_GUARD_REMOVE, MADV_DONTNEED,       MADV_FREE };

static int random_prot(struct worker *worker)
{
	return random_once(worker, 2) ? PROT_READ | PROT_WRITE : (int)random_below(worker, 8);
}

static void protect(struct worker *worker, struct free_map range)
{
	if (worker->files->pkey >= 0 && random_once(worker, 4))
		pkey_mprotect(range.at, range.pages * PAGE, random_prot(worker),
			      random_once(worker, 2) ? worker->files->pkey : 0);
	else
		mprotect(range.at, range.pages * PAGE, random_prot(worker));
}

void random_mprotect(struct worker *worker)
{
	protect(worker, random_range(worker));
}

static void advise(struct worker *worker, struct free_map range)
{
	const int advice = random_below(worker, 4) ? changing_advice[random_below(worker, 13)] :
						     other_advice[random_below(worker, 6)];

	madvise(range.at, range.pages * PAGE, advice);
}

void random_madvise(struct worker *worker)
{
	advise(worker, random_range(worker));
}

void random_mlock(struct worker *worker)
{
	const struct free_map range = random_range(worker);
	/* The kernel rounds the address down and the end up. */
	const size_t shift = random_once(worker, 4) ? 100 : 0;

	switch (random_below(worker, 4)) {
	case 0: mlock(range.at + shift, range.pages * PAGE - shift); break;
	case 1: mlock2(range.at, range.pages * PAGE, (unsigned int)random_below(worker, 2)); break;
	default: munlock(range.at + shift, range.pages * PAGE - shift);
	}
}

void random_mbind(struct worker *worker)
{
	const struct free_map range = random_range(worker);
	const int policy = (int)random_below(worker, POLICY_COUNT);
	unsigned long nodes = policy == 0 || policy == 4 ? 0 : 1;

	syscall(SYS_mbind, range.at, range.pages * PAGE, policy, &nodes, 64UL, 0UL);
}

/* Returns a random part of a map outside the arenas. */
static struct free_map part_of(struct worker *worker, struct free_map whole)
{
	const size_t first = random_below(worker, whole.pages);
	const size_t pages = 1 + random_below(worker, whole.pages - first);

	return (struct free_map){ whole.at + first * PAGE, pages };
}

static void unmap_part(struct worker *worker, struct free_map *whole)
{
	const struct free_map part = part_of(worker, *whole);
	const struct free_map old = *whole;
	char *const part_end = part.at + part.pages * PAGE;

	if (munmap(part.at, part.pages * PAGE))
		return;
	*whole = worker->free_map[--worker->free_count];
	/* The part that was given back may belong to somebody else by now: keep only the rest. */
	random_keep(worker, old.at, (size_t)(part.at - old.at) / PAGE);
	random_keep(worker, part_end, (size_t)(old.at + old.pages * PAGE - part_end) / PAGE);
}

void random_free_map(struct worker *worker)
{
	struct free_map *whole;

	if (worker->free_count == 0) {
		random_mmap(worker);
		return;
	}
	whole = &worker->free_map[random_below(worker, worker->free_count)];
	switch (random_below(worker, 3)) {
	case 0: unmap_part(worker, whole); break;
	case 1: protect(worker, part_of(worker, *whole)); break;
	default: advise(worker, part_of(worker, *whole));
	}
}

void random_failure(struct worker *worker)
{
	const struct free_map range = random_range(worker);
	const size_t length = range.pages * PAGE;
	const int rw = PROT_READ | PROT_WRITE;

	switch (random_below(worker, 11)) {
	case 0: munmap(range.at + 8, length); break;
	case 1: munmap(range.at, 0); break;
	case 2: mprotect(range.at + 8, length, PROT_READ); break;
	case 3: mmap(range.at, length, rw, MAP_FIXED | MAP_ANONYMOUS, -1, 0); break;
	case 4:
		mmap(range.at + 8, length, rw, MAP_FIXED | MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		break;
	case 5:
		mmap(range.at, length, rw, MAP_FIXED | MAP_SHARED, worker->files->read_only, 0);
		break;
	case 6: mmap(range.at, length, rw, MAP_FIXED | MAP_PRIVATE, 12345, 0); break;
	case 7: mmap(NULL, (size_t)1 << 60, rw, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0); break;
	case 8: madvise(range.at, length, 4242); break;
	case 9: mremap(range.at, length, length, MREMAP_MAYMOVE | MREMAP_FIXED, range.at); break;
	default: mprotect(range.at, length, 0x10000);
	}
}

/*
 * The kernel accesses the page for us, and returns EFAULT where we would have got a signal: a read
 * from /dev/zero writes the page, a write to a file reads it.
 */
void random_touch(struct worker *worker)
{
	const struct free_map range = random_range(worker);
	ssize_t ignored;

	for (size_t page = 0; page < range.pages; page++) {
		if (random_once(worker, 2))
			ignored = pread(worker->files->zero, range.at + page * PAGE, 1, 0);
		else
			ignored = pwrite(worker->files->memory, range.at + page * PAGE, 1, 0);
		(void)ignored;
	}
}
