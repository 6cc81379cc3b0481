/* SPDX-License-Identifier: MIT */
/*
 * Random memory calls of every kind on an arena of 64 pages, with accesses in between, which give
 * the kernel's maps the hidden attributes that decide on merges. Maps outside the arena are kept in
 * a short list and unmapped again.
 */
#include "model.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/shm.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "os/sys.h"

#ifndef MAP_DROPPABLE
#define MAP_DROPPABLE 0x08 /* Linux 6.11; Debian 12's headers are older */
#endif
#define ADVICE_GUARD_INSTALL 102
#define ADVICE_GUARD_REMOVE  103
#define KEPT_MAX             32
#define TOO_LONG             (1L << 60) /* page tables with five levels reach up to 1 << 56 */
#define STACK_TOP            (ARENA + (UINT64_C(64) << 20))

struct span {
	uint64_t start;
	uint64_t pages;
};

static uint64_t state;
static struct span kept[KEPT_MAX];
static size_t kept_count;
static int files[6]; /* a file, the same file opened again, opened read-only, a memfd, /dev/zero */
static int pkey, segment;
static uint64_t brk_low;
static bool with_stacks, only_alloc;

/* splitmix64 */
uint64_t dice(uint64_t bound)
{
	uint64_t z = state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return (z ^ (z >> 31)) % bound;
}

static struct span some_range(void)
{
	uint64_t first = dice(ARENA_PAGES);
	uint64_t pages = 1 + dice(dice(4) ? 6 : 24);

	if (first + pages > ARENA_PAGES)
		pages = ARENA_PAGES - first;
	return (struct span){ ARENA + first * PAGE, pages };
}

/* Programs mostly use read-write memory, and that is what merges. */
static long some_prot(void)
{
	return dice(2) ? PROT_READ | PROT_WRITE : (long)dice(8);
}

/* Only memory that the program has mapped itself may be unmapped, not its code. */
static void keep(long at, uint64_t pages)
{
	if (vmt_sys_failed(at) || ((uint64_t)at >= ARENA && (uint64_t)at < ARENA_END))
		return;
	if (kept_count == KEPT_MAX) {
		struct span oldest = kept[dice(KEPT_MAX)];

		for (size_t i = 0; i < kept_count; i++)
			if (kept[i].start == oldest.start)
				kept[i] = kept[--kept_count];
		model_call(SYS_munmap, (long)oldest.start, (long)(oldest.pages * PAGE), 0, 0, 0, 0);
	}
	kept[kept_count++] = (struct span){ (uint64_t)at, pages };
}

static long some_anonymous(void)
{
	static const int more[] = { MAP_NORESERVE, MAP_STACK, MAP_LOCKED, MAP_POPULATE };

	switch (dice(10)) {
	case 0: return MAP_ANONYMOUS | MAP_SHARED;
	case 1: return MAP_ANONYMOUS | MAP_DROPPABLE;
	case 2:
	case 3: return MAP_ANONYMOUS | MAP_PRIVATE | more[dice(4)];
	case 4: return MAP_ANONYMOUS | MAP_PRIVATE | more[dice(4)] | more[dice(4)];
	default: return MAP_ANONYMOUS | MAP_PRIVATE;
	}
}

static void step_mmap(void)
{
	struct span range = some_range();
	bool is_free = dice(6) == 0;
	long flags = some_anonymous();
	long fd = -1;
	uint64_t page = 0;

	if (dice(3) == 0) {
		flags = dice(2) ? MAP_SHARED : MAP_PRIVATE;
		fd = files[dice(6)];
		/* Half of them continue where a neighbour of the same file would end. */
		page = dice(2) ? (range.start - ARENA) / PAGE : dice(ARENA_PAGES);
	}
	if (!is_free)
		flags |= dice(8) ? MAP_FIXED : MAP_FIXED_NOREPLACE;

	long at = model_call(SYS_mmap, is_free ? 0 : (long)range.start, (long)(range.pages * PAGE),
			     some_prot(), flags, fd, (long)(page * PAGE));

	if (is_free)
		keep(at, range.pages);
}

static void step_munmap(void)
{
	struct span range = some_range();

	model_call(SYS_munmap, (long)range.start, (long)(range.pages * PAGE), 0, 0, 0, 0);
}

static void step_mprotect(void)
{
	struct span range = some_range();
	long length = (long)(range.pages * PAGE);

	if (dice(4) || pkey < 0)
		model_call(SYS_mprotect, (long)range.start, length, some_prot(), 0, 0, 0);
	else
		model_call(SYS_pkey_mprotect, (long)range.start, length, some_prot(),
			   dice(2) ? pkey : 0, 0, 0);
}

static void step_madvise(void)
{
	static const int advice[] = {
		MADV_NORMAL,     MADV_RANDOM,          MADV_SEQUENTIAL,     MADV_DONTFORK,
		MADV_DOFORK,     MADV_WIPEONFORK,      MADV_KEEPONFORK,     MADV_DONTDUMP,
		MADV_DODUMP,     MADV_MERGEABLE,       MADV_UNMERGEABLE,    MADV_HUGEPAGE,
		MADV_NOHUGEPAGE, MADV_POPULATE_READ,   MADV_POPULATE_WRITE, MADV_DONTNEED,
		MADV_FREE,       ADVICE_GUARD_INSTALL, ADVICE_GUARD_REMOVE, 4242,
	};
	struct span range = some_range();

	model_call(SYS_madvise, (long)range.start, (long)(range.pages * PAGE),
		   advice[dice(VMT_COUNT(advice))], 0, 0, 0);
}

/* The kernel rounds the address down and the end up. */
static void step_mlock(void)
{
	struct span range = some_range();
	long shift = dice(4) ? 0 : 100;
	long start = (long)range.start + shift;
	long length = (long)(range.pages * PAGE) - shift;

	switch (dice(4)) {
	case 0: model_call(SYS_mlock, start, length, 0, 0, 0, 0); break;
	case 1: model_call(SYS_mlock2, start, length, (long)dice(2), 0, 0, 0); break;
	default: model_call(SYS_munlock, start, length, 0, 0, 0, 0);
	}
}

static void step_mbind(void)
{
	static unsigned long node = 1;
	struct span range = some_range();
	long policy = (long)dice(5); /* default, preferred, bind, interleave, local */
	bool has_nodes = policy >= 1 && policy <= 3;

	model_call(SYS_mbind, (long)range.start, (long)(range.pages * PAGE), policy,
		   has_nodes ? (long)&node : 0, has_nodes ? 64 : 0, 0);
}

static void step_move_in_arena(long flags)
{
	struct span from = some_range();
	struct span to = some_range();
	uint64_t new_pages = dice(3) ? from.pages : 1 + dice(10);

	if (to.start + new_pages * PAGE > ARENA_END)
		return;
	model_call(SYS_mremap, (long)from.start, (long)(from.pages * PAGE),
		   (long)(new_pages * PAGE), MREMAP_MAYMOVE | MREMAP_FIXED | flags, (long)to.start,
		   0);
}

static void step_resize(long flags)
{
	struct span from = some_range();
	uint64_t new_pages = 1 + dice(2 * from.pages);
	uint64_t most = (ARENA_END - from.start) / PAGE;

	if (new_pages > most)
		new_pages = most;
	keep(model_call(SYS_mremap, (long)from.start, (long)(from.pages * PAGE),
			(long)(new_pages * PAGE), flags, 0, 0),
	     new_pages);
}

static void step_copy(void)
{
	struct span range = some_range();
	struct span to = some_range();
	long length = (long)(range.pages * PAGE);

	switch (dice(3)) {
	case 0:
		keep(model_call(SYS_mremap, (long)range.start, length, length,
				MREMAP_MAYMOVE | MREMAP_DONTUNMAP, 0, 0),
		     range.pages);
		break;
	case 1:
		keep(model_call(SYS_mremap, (long)range.start, 0, length, MREMAP_MAYMOVE, 0, 0),
		     range.pages);
		break;
	default:
		model_call(SYS_mremap, (long)range.start, 0, (long)(to.pages * PAGE),
			   MREMAP_MAYMOVE | MREMAP_FIXED, (long)to.start, 0);
	}
}

static void step_mremap(void)
{
	switch (dice(8)) {
	case 0:
	case 1: step_resize(0); break;
	case 2: step_resize(MREMAP_MAYMOVE); break;
	case 3: step_copy(); break;
	case 4: step_move_in_arena(MREMAP_DONTUNMAP); break;
	default: step_move_in_arena(0);
	}
}

static void step_brk(void)
{
	model_call(SYS_brk, (long)(brk_low + dice(16 * PAGE)), 0, 0, 0, 0, 0);
}

static void step_segment(void)
{
	struct span range = some_range();
	uint64_t length = range.pages * PAGE;

	switch (dice(3)) {
	case 0:
		model_call(SYS_shmat, segment, (long)range.start, dice(2) ? SHM_REMAP : 0, 0, 0, 0);
		break;
	case 1: model_call(SYS_shmdt, (long)range.start, 0, 0, 0, 0, 0); break;
	default:
		model_call(SYS_remap_file_pages, (long)range.start, (long)length, 0,
			   (long)dice(ARENA_PAGES), 0, 0);
	}
}

static void step_whole(void)
{
	static unsigned long ring;

	switch (dice(4)) {
	case 0: model_call(SYS_mlockall, MCL_CURRENT | MCL_ONFAULT, 0, 0, 0, 0, 0); break;
	case 1:
		if (ring)
			model_call(SYS_io_destroy, (long)ring, 0, 0, 0, 0, 0);
		ring = 0;
		break;
	case 2:
		if (!ring)
			model_call(SYS_io_setup, 8, (long)&ring, 0, 0, 0, 0);
		break;
	default: model_call(SYS_munlockall, 0, 0, 0, 0, 0, 0);
	}
}

static void step_wrong(void)
{
	struct span range = some_range();
	long at = (long)range.start;
	long length = (long)(range.pages * PAGE);
	long fixed = MAP_FIXED | MAP_PRIVATE;

	switch (dice(8)) {
	case 0: model_call(SYS_munmap, at + 8, length, 0, 0, 0, 0); break;
	case 1: model_call(SYS_mprotect, at, length, 0x10000, 0, 0, 0); break;
	case 2: model_call(SYS_mmap, at, length, 3, MAP_FIXED | MAP_ANONYMOUS, -1, 0); break;
	case 3: model_call(SYS_mmap, at + 8, length, 3, fixed | MAP_ANONYMOUS, -1, 0); break;
	case 4: model_call(SYS_mmap, at, length, 3, MAP_FIXED | MAP_SHARED, files[3], 0); break;
	case 5: model_call(SYS_mmap, at, TOO_LONG, 3, fixed | MAP_ANONYMOUS, -1, 0); break;
	case 6:
		model_call(SYS_mremap, at, length, length, MREMAP_MAYMOVE | MREMAP_FIXED, at, 0);
		break;
	default: model_call(SYS_munmap, at, -length, 0, 0, 0, 0);
	}
}

/* Far from everything else, since a stack keeps 1 MiB away from the map below it. */
static void step_stack(void)
{
	uint64_t at = STACK_TOP - (1 + dice(24)) * PAGE;
	long length = (long)((1 + dice(6)) * PAGE);

	switch (dice(8)) {
	case 0:
		model_call(SYS_mmap, (long)STACK_TOP - 4 * (long)PAGE, 4 * (long)PAGE, 3,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_GROWSDOWN, -1, 0);
		break;
	case 1: model_call(SYS_munmap, (long)at, length, 0, 0, 0, 0); break;
	case 2:
		model_call(SYS_mmap, (long)at, length, some_prot(),
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
		break;
	case 3: model_call(SYS_madvise, (long)at, length, MADV_DONTDUMP, 0, 0, 0); break;
	case 4:
		model_call(SYS_munmap, (long)(STACK_TOP - 64 * PAGE), 64 * (long)PAGE, 0, 0, 0, 0);
		break;
	case 5:
		model_call(SYS_mprotect, (long)at, length, some_prot() | PROT_GROWSDOWN, 0, 0, 0);
		break;
	default: model_call(SYS_mprotect, (long)at, length, some_prot(), 0, 0, 0);
	}
	at = STACK_TOP - (1 + dice(32)) * PAGE;
	vmt_sys4(SYS_pread64, files[5], at, 1, 0);
}

/* The kernel accesses the page for us, and returns EFAULT where we would have got a signal. */
static void touch(void)
{
	struct span range = some_range();

	for (uint64_t page = 0; page < range.pages; page++) {
		uint64_t at = range.start + page * PAGE;

		if (dice(2))
			vmt_sys4(SYS_pread64, files[5], at, 1, 0);
		else
			vmt_sys4(SYS_pwrite64, files[4], at, 1, 0);
	}
}

void steps_make(void)
{
	static const struct {
		void (*make)(void);
		unsigned weight;
	} kinds[] = {
		{ step_mmap, 32 },    { step_munmap, 9 }, { step_mprotect, 18 },
		{ step_madvise, 12 }, { step_mlock, 6 },  { step_mbind, 4 },
		{ step_mremap, 12 },  { step_brk, 3 },    { step_segment, 1 },
		{ step_wrong, 3 },
	};
	uint64_t roll = dice(100);
	size_t i = 0;

	if (only_alloc) {
		steps_make_alloc(files[5], &files[1]);
		return;
	}
	for (; roll >= kinds[i].weight; i++)
		roll -= kinds[i].weight;
	if (dice(200) == 0)
		step_whole();
	else if (with_stacks && dice(50) == 0)
		step_stack();
	else
		kinds[i].make();
	if (dice(4) == 0)
		touch();
}

static void check(long fd)
{
	if (fd < 0) {
		perror("model_vs_kernel");
		exit(3);
	}
}

void steps_open(uint64_t seed, bool stacks, bool alloc)
{
	char path[] = "/tmp/model_vs_kernel.XXXXXX";

	state = seed;
	with_stacks = stacks;
	only_alloc = alloc;
	files[0] = files[1] = mkostemp(path, O_CLOEXEC);
	files[2] = open(path, O_RDWR | O_CLOEXEC);
	files[3] = open(path, O_RDONLY | O_CLOEXEC);
	files[4] = memfd_create("model_vs_kernel", MFD_CLOEXEC);
	files[5] = open("/dev/zero", O_RDWR | O_CLOEXEC);
	for (size_t i = 0; i < VMT_COUNT(files); i++)
		check(files[i]);
	unlink(path);
	check(ftruncate(files[0], 2 * ARENA_PAGES * PAGE));
	check(ftruncate(files[4], 2 * ARENA_PAGES * PAGE));
	segment = shmget(IPC_PRIVATE, 4 * PAGE, IPC_CREAT | 0600);
	check(shmctl(segment, IPC_RMID, NULL) + (segment < 0 ? -1 : 0));
	pkey = pkey_alloc(0, 0);
	brk_low = (uint64_t)vmt_sys1(SYS_brk, 0);
}
