/* SPDX-License-Identifier: MIT */
/*
 * The calls that make, move and remove maps: mmap, mremap, brk, shmat, with everything that can be
 * wrong.
 */
#include "errno_table.h"

#include <sys/mman.h>
#include <sys/shm.h>
#include <sys/syscall.h>
#include <unistd.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define READ_WRITE   (PROT_READ | PROT_WRITE)
#define PRIVATE      (MAP_PRIVATE | MAP_ANONYMOUS)

static void try_mmap_ranges(void)
{
	static const long placing[] = { MAP_FIXED, MAP_FIXED_NOREPLACE };
	const struct pair *pairs;
	size_t n = ranges(&pairs);

	for (size_t p = 0; p < COUNT(placing); p++)
		for (size_t i = 0; i < n; i++) {
			trial(SYS_mmap, pairs[i].address, pairs[i].length, READ_WRITE,
			      PRIVATE | placing[p], -1, 0);
			trial(SYS_mmap, pairs[i].address, pairs[i].length, PROT_READ,
			      MAP_SHARED | placing[p], files.good, 0);
		}
	/* Where the kernel chooses the address, the map is shared, so that it cannot merge. */
	trial(SYS_mmap, 0, 0, READ_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	trial(SYS_mmap, 0, PAGE, READ_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	trial(SYS_mmap, 0, 1L << 47, READ_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	trial(SYS_mmap, 0, -1, READ_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	trial(SYS_mmap, PLAIN, PAGE, READ_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	trial(SYS_mmap, HOLE, PAGE, READ_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	trial(SYS_mmap, KERNEL, PAGE, READ_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
}

static void try_mmap_flags(void)
{
	static const long flags[] = {
		0,
		MAP_FIXED,
		MAP_PRIVATE,
		MAP_SHARED,
		MAP_SHARED_VALIDATE,
		0x08,
		0x0f,
		MAP_ANONYMOUS,
		PRIVATE,
		MAP_SHARED | MAP_ANONYMOUS,
		PRIVATE | MAP_GROWSDOWN,
		MAP_SHARED | MAP_ANONYMOUS | MAP_GROWSDOWN,
		PRIVATE | MAP_NORESERVE,
		PRIVATE | MAP_STACK,
		PRIVATE | MAP_LOCKED,
		PRIVATE | MAP_POPULATE,
		PRIVATE | MAP_HUGETLB,
		PRIVATE | MAP_HUGETLB | (63 << 26),
		PRIVATE | 0x40000000,
		MAP_SHARED_VALIDATE | MAP_ANONYMOUS | 0x40000000,
		MAP_ANONYMOUS | 0x08,
		MAP_SHARED_VALIDATE | MAP_SYNC,
		PRIVATE | MAP_SYNC,
		PRIVATE | MAP_32BIT,
	};
	static const long prots[] = { PROT_NONE, PROT_READ, PROT_WRITE, PROT_EXEC, 7, 0x1000, -1 };

	for (size_t i = 0; i < COUNT(flags); i++) {
		trial(SYS_mmap, HOLE, 2 * PAGE, READ_WRITE, flags[i] | MAP_FIXED, -1, 0);
		trial(SYS_mmap, WRITTEN + PAGE, 2 * PAGE, READ_WRITE, flags[i] | MAP_FIXED,
		      files.good, 0);
	}
	for (size_t i = 0; i < COUNT(prots); i++)
		trial(SYS_mmap, HOLE, 2 * PAGE, prots[i], PRIVATE | MAP_FIXED, -1, 0);
}

static void try_mmap_files(void)
{
	const int fds[] = { files.good, files.read_only, files.write_only, files.folder, files.null,
			    files.pipe, files.zero,      files.closed,     -1,           -4096 };
	static const long offsets[] = { 0,        PAGE,  1,  PAGE - 1,
					1L << 40, -PAGE, -1, 0x7ffffffffffff000L };
	const long fixed = MAP_FIXED;

	for (size_t i = 0; i < COUNT(fds); i++) {
		trial(SYS_mmap, HOLE, PAGE, READ_WRITE, MAP_SHARED | fixed, fds[i], 0);
		trial(SYS_mmap, WRITTEN + PAGE, PAGE, READ_WRITE, MAP_SHARED | fixed, fds[i], 0);
		trial(SYS_mmap, WRITTEN + PAGE, PAGE, READ_WRITE, MAP_PRIVATE | fixed, fds[i], 0);
		trial(SYS_mmap, HOLE, PAGE, READ_WRITE, PRIVATE | fixed, fds[i], 0);
	}
	for (size_t i = 0; i < COUNT(offsets); i++) {
		trial(SYS_mmap, HOLE, PAGE, PROT_READ, MAP_SHARED | fixed, files.good, offsets[i]);
		trial(SYS_mmap, HOLE, PAGE, PROT_READ, PRIVATE | fixed, -1, offsets[i]);
	}
}

/* Sources and lengths; a shared map where the kernel chooses the place. */
static void try_mremap(void)
{
	static const long lengths[] = { 0, 1, PAGE, 4 * PAGE, 6 * PAGE, -1, -PAGE, 1L << 57 };
	static const long flags[] = { 0, MREMAP_MAYMOVE, 8, -1, MREMAP_DONTUNMAP, MREMAP_FIXED };
	const struct pair *pairs;
	size_t n = ranges(&pairs);

	for (size_t i = 0; i < n; i++) {
		trial(SYS_mremap, pairs[i].address, pairs[i].length, PAGE, 0, 0, 0);
		trial(SYS_mremap, pairs[i].address, pairs[i].length, 3 * PAGE, 0, 0, 0);
		trial(SYS_mremap, SHARED, 4 * PAGE, 4 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED,
		      pairs[i].address, 0);
		trial(SYS_mremap, pairs[i].address, pairs[i].length, pairs[i].length,
		      MREMAP_MAYMOVE | MREMAP_FIXED, area + 40 * PAGE, 0);
	}
	for (size_t i = 0; i < COUNT(flags); i++)
		for (size_t k = 0; k < COUNT(lengths); k++) {
			trial(SYS_mremap, SHARED, 4 * PAGE, lengths[k], flags[i], HOLE, 0);
			trial(SYS_mremap, SHARED, lengths[k], 4 * PAGE, flags[i], HOLE, 0);
		}
}

static void try_mremap_copies(void)
{
	const long fixed = MREMAP_MAYMOVE | MREMAP_FIXED;
	const long sources[] = { WRITTEN, FILE_MAP, SHARED, NO_ACCESS, PLAIN, HOLE };
	const long places[] = { area + 40 * PAGE, HOLE, PLAIN + 2 * PAGE };

	for (size_t i = 0; i < COUNT(sources); i++)
		for (size_t k = 0; k < COUNT(places); k++) {
			trial(SYS_mremap, sources[i], 2 * PAGE, 2 * PAGE, fixed | MREMAP_DONTUNMAP,
			      places[k], 0);
			trial(SYS_mremap, sources[i], 0, 2 * PAGE, fixed, places[k], 0);
			trial(SYS_mremap, sources[i], 2 * PAGE, 3 * PAGE, fixed, places[k], 0);
			trial(SYS_mremap, sources[i], 12 * PAGE, 12 * PAGE, fixed, places[k], 0);
			trial(SYS_mremap, sources[i], 2 * PAGE, PAGE, fixed, places[k], 0);
		}
	trial(SYS_mremap, SHARED, 0, 4 * PAGE, fixed, SHARED, 0);
	trial(SYS_mremap, SHARED, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_DONTUNMAP, 0, 0);
}

static void try_brk(void)
{
	const long start = (long)sbrk(0);
	const long ends[] = {
		start,  start + PAGE, start + 3 * PAGE + 5, start + PAGE, start, start - 1, 0, 1,
		KERNEL, 1L << 46,     start + PAGE,         start
	};

	for (size_t i = 0; i < COUNT(ends); i++) {
		/*
		 * An address below the end of the data is refused; start - 1 would give a page
		 * back.
		 */
		if (ends[i] == start - 1)
			continue;
		trial(SYS_brk, ends[i], 0, 0, 0, 0, 0);
	}
}

static void try_shm(void)
{
	static const long flags[] = { 0,          SHM_RND,  SHM_REMAP, SHM_RND | SHM_REMAP,
				      SHM_RDONLY, SHM_EXEC, -1 };
	const long places[] = { 0,           HOLE,   HOLE + 5, WRITTEN,
				WRITTEN + 7, KERNEL, TOP,      area + 40 * PAGE };
	const long none[6] = { 0 };

	for (size_t i = 0; i < COUNT(flags); i++)
		for (size_t k = 0; k < COUNT(places); k++) {
			if (places[k] == 0 && (flags[i] & SHM_REMAP) == 0)
				/* the kernel chooses the address, and nothing would detach it */
				continue;
			trial(SYS_shmat, files.segment, places[k], flags[i], 0, 0, 0);
		}
	trial(SYS_shmat, -1, HOLE, 0, 0, 0, 0);
	trial(SYS_shmdt, WRITTEN, 0, 0, 0, 0, 0);
	trial(SYS_shmdt, 0, 0, 0, 0, 0, 0);
	trial(SYS_shmdt, KERNEL, 0, 0, 0, 0, 0);
	for (int by_libc = 0; by_libc < 2; by_libc++) {
		const long attach[6] = { files.segment, HOLE, 0, 0, 0, 0 };
		const long inside[6] = { HOLE + PAGE, 0, 0, 0, 0, 0 };
		const long detach[6] = { HOLE, 0, 0, 0, 0, 0 };

		trial(SYS_munmap, area, 8 * PAGE, 0, 0, 0, 0);
		trial_as_is(by_libc, SYS_shmat, attach);
		trial_as_is(by_libc, SYS_shmdt, inside);
		trial_as_is(by_libc, SYS_shmdt, detach);
		trial_as_is(by_libc, SYS_shmdt, none);
	}
}

void try_new_maps(void)
{
	try_mmap_ranges();
	try_mmap_flags();
	try_mmap_files();
	try_mremap();
	try_mremap_copies();
	try_brk();
	try_shm();
}
