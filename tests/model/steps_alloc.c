/* SPDX-License-Identifier: MIT */
/*
 * The memory calls of allocators and runtimes: private anonymous memory is reserved, made
 * accessible, given back and taken again, and little else. Here the hidden attributes of most
 * neighbours are known, so most results are derived; the mix of steps.c hardly ever gets there.
 */
#include "model.h"

#include <sys/mman.h>
#include <sys/syscall.h>

#include "os/sys.h"

#define ADVICE_GUARD_INSTALL 102

struct range {
	long start;
	long length;
};

static struct range some_range(void)
{
	uint64_t first = dice(ARENA_PAGES);
	uint64_t pages = 1 + dice(dice(4) ? 4 : 16);

	if (first + pages > ARENA_PAGES)
		pages = ARENA_PAGES - first;
	return (struct range){ (long)(ARENA + first * PAGE), (long)(pages * PAGE) };
}

static long some_prot(void)
{
	static const long prots[] = { PROT_NONE, PROT_NONE, PROT_READ | PROT_WRITE,
				      PROT_READ | PROT_WRITE, PROT_READ };

	return prots[dice(VMT_COUNT(prots))];
}

static void step_mmap(struct range range)
{
	static const long more[] = { 0, 0, 0, 0, 0, MAP_STACK, MAP_NORESERVE };

	model_call(SYS_mmap, range.start, range.length, some_prot(),
		   MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | more[dice(VMT_COUNT(more))], -1, 0);
}

static void step_madvise(struct range range)
{
	static const long advice[] = { MADV_DONTFORK,       MADV_DOFORK,   MADV_DODUMP,
				       MADV_NOHUGEPAGE,     MADV_HUGEPAGE, ADVICE_GUARD_INSTALL,
				       ADVICE_GUARD_INSTALL };

	model_call(SYS_madvise, range.start, range.length, advice[dice(VMT_COUNT(advice))], 0, 0,
		   0);
}

static void step_rare(struct range range)
{
	struct range to = some_range();

	switch (dice(5)) {
	case 0: model_call(SYS_mlock2, range.start, range.length, 1, 0, 0, 0); break;
	case 1:
		model_call(SYS_mbind, range.start, range.length, 4, 0, 0, 0); /* local */
		break;
	case 2: model_call(SYS_mremap, range.start, range.length, 2 * range.length, 0, 0, 0); break;
	default:
		if (to.start + range.length <= (long)ARENA_END)
			model_call(SYS_mremap, range.start, range.length, range.length,
				   MREMAP_MAYMOVE | MREMAP_FIXED, to.start, 0);
	}
}

/* Two maps that were written to separately, and memory for the hole between them. */
static void step_hole(int zero)
{
	long at = (long)(ARENA + dice(ARENA_PAGES - 5) * PAGE);
	const long flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED;

	model_call(SYS_munmap, at, 5 * (long)PAGE, 0, 0, 0, 0);
	for (long page = 1; page <= 3; page += 2) {
		model_call(SYS_mmap, at + page * (long)PAGE, (long)PAGE, 3, flags, -1, 0);
		if (dice(3))
			vmt_sys4(SYS_pread64, zero, at + page * (long)PAGE, 1, 0);
	}
	model_call(SYS_mmap, at + 2 * (long)PAGE, (long)PAGE, 3, flags, -1, 0);
}

/* A reserve that is taken page by page, with a guard put into it first. */
static void step_guard(int zero)
{
	long at = (long)(ARENA + dice(ARENA_PAGES - 5) * PAGE);

	model_call(SYS_mmap, at, 5 * (long)PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED,
		   -1, 0);
	model_call(SYS_mprotect, at, (long)PAGE, 3, 0, 0, 0);
	vmt_sys4(SYS_pread64, zero, at, 1, 0);
	model_call(SYS_madvise, at + 3 * (long)PAGE, (long)PAGE, ADVICE_GUARD_INSTALL, 0, 0, 0);
	model_call(SYS_mprotect, at + (long)PAGE, (long)PAGE, 3, 0, 0, 0);
}

/*
 * As ld.so maps a library: as a whole, then piece by piece over that, sometimes from another open
 * file. Then relocations are written, and that memory is made read-only.
 */
static void step_library(int zero, const int library[2])
{
	static const long prots[] = { PROT_READ, PROT_READ | PROT_EXEC, PROT_READ, PROT_READ,
				      PROT_READ | PROT_WRITE };
	long at = (long)(ARENA + dice(ARENA_PAGES - 12) * PAGE);
	long first = (long)dice(4), page = (long)PAGE;

	model_call(SYS_munmap, at - page, 14 * page, 0, 0, 0, 0);
	model_call(SYS_mmap, at, 12 * page, PROT_READ, MAP_PRIVATE | MAP_FIXED_NOREPLACE,
		   library[0], first * page);
	for (long piece = 2; piece < 12; piece += 1 + (long)dice(4)) {
		long length = 1 + (long)dice(12 - (uint64_t)piece);

		model_call(SYS_mmap, at + piece * page, length * page, prots[dice(5)],
			   MAP_PRIVATE | MAP_FIXED, library[dice(8) == 0], (first + piece) * page);
		if (dice(2))
			vmt_sys4(SYS_pread64, zero, at + piece * page, 1, 0);
	}
	for (int i = 0; i < 6; i++)
		model_call(SYS_mprotect, at + (long)dice(12) * page, page, prots[dice(5)], 0, 0, 0);
}

/*
 * A collector's write barrier: all read-only, then one by one the pages that are written to, then
 * all writable again. Pages that were written to separately keep their maps from merging.
 */
static void step_barrier(int zero, const int library[2])
{
	const bool is_file = dice(2);
	long at = (long)(ARENA + dice(ARENA_PAGES - 9) * PAGE), page = (long)PAGE;

	model_call(SYS_munmap, at, 9 * page, 0, 0, 0, 0);
	model_call(SYS_mmap, at, 8 * page, PROT_READ | PROT_WRITE,
		   MAP_PRIVATE | MAP_FIXED | (is_file ? 0 : MAP_ANONYMOUS),
		   is_file ? library[0] : -1, 0);
	if (dice(3) == 0)
		vmt_sys4(SYS_pread64, zero, at, 8 * page, 0);
	for (uint64_t rounds = dice(4); rounds; rounds--) {
		model_call(SYS_mprotect, at, (8 - (long)dice(2)) * page, PROT_READ, 0, 0, 0);
		for (uint64_t writes = 1 + dice(4); writes; writes--) {
			long where = at + (long)dice(8) * page;

			model_call(SYS_mprotect, where, page, PROT_READ | PROT_WRITE, 0, 0, 0);
			if (dice(4))
				vmt_sys4(SYS_pread64, zero, where, 1, 0);
			if (dice(2))
				model_call(SYS_mprotect, at + (long)dice(8) * page, page, PROT_READ,
					   0, 0, 0);
		}
		model_call(SYS_mprotect, at, 8 * page, PROT_READ | PROT_WRITE, 0, 0, 0);
	}
}

/*
 * A map with an anon_vma between two pieces of another one. It differs from them, but they do not
 * differ from each other, as shows when it is gone.
 */
static void step_apart(int zero)
{
	const long flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, page = (long)PAGE;
	long at = (long)(ARENA + dice(ARENA_PAGES - 7) * PAGE), middle = at + 3 * page;

	model_call(SYS_munmap, at, 7 * page, 0, 0, 0, 0);
	model_call(SYS_mmap, at + page, 5 * page, 3, flags, -1, 0);
	if (dice(4))
		vmt_sys4(SYS_pread64, zero, at + page, 5 * page, 0);
	model_call(SYS_mmap, middle, page, PROT_NONE, flags, -1, 0);
	model_call(SYS_madvise, middle, page, MADV_DONTDUMP, 0, 0, 0);
	model_call(SYS_mprotect, middle, page, 3, 0, 0, 0);
	if (dice(4))
		vmt_sys4(SYS_pread64, zero, middle, 1, 0);
	model_call(SYS_madvise, middle, page, MADV_DODUMP, 0, 0, 0);
	model_call(SYS_munmap, middle, page, 0, 0, 0, 0);
	model_call(SYS_mmap, middle, page, 3, flags, -1, 0);
}

/* Reading from /dev/zero writes the page; a page without write access gives EFAULT. */
static void touch(int zero)
{
	struct range range = some_range();

	for (long at = range.start; at < range.start + range.length; at += (long)PAGE)
		if (dice(2))
			vmt_sys4(SYS_pread64, zero, at, 1, 0);
}

void steps_make_alloc(int zero, const int library[2])
{
	struct range range = some_range();
	uint64_t roll = dice(100);

	if (roll < 25)
		step_mmap(range);
	else if (roll < 40)
		model_call(SYS_munmap, range.start, range.length, 0, 0, 0, 0);
	else if (roll < 42)
		step_hole(zero);
	else if (roll < 43)
		step_guard(zero);
	else if (roll < 44)
		step_library(zero, library);
	else if (roll < 46)
		step_barrier(zero, library);
	else if (roll < 47)
		step_apart(zero);
	else if (roll < 87)
		model_call(SYS_mprotect, range.start, range.length, some_prot(), 0, 0, 0);
	else if (roll < 95)
		step_madvise(range);
	else
		step_rare(range);
	if (dice(3) == 0)
		touch(zero);
	/* Start afresh now and then, since what has become unknown stays unknown. */
	if (dice(200) == 0)
		model_call(SYS_munmap, (long)ARENA, (long)(ARENA_PAGES * PAGE), 0, 0, 0, 0);
}
