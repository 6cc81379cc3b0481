/* SPDX-License-Identifier: MIT */
/*
 * The calls that take a range of addresses: each with every range of the list, and with good and
 * bad further arguments.
 */
#include "errno_table.h"

#include <sys/mman.h>
#include <sys/syscall.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

size_t ranges(const struct pair **ret_pairs)
{
	static struct pair pairs[24];
	const struct pair now[] = {
		{ WRITTEN, 0 },
		{ WRITTEN, 1 },
		{ WRITTEN, 8 * PAGE },
		{ WRITTEN + 2 * PAGE, 3 * PAGE },
		{ WRITTEN + 6 * PAGE, 8 * PAGE }, /* into the hole and beyond */
		{ WRITTEN + 1, PAGE },
		{ WRITTEN + PAGE - 1, 2 },
		{ WRITTEN, -1 },
		{ WRITTEN, -PAGE },
		{ WRITTEN, -PAGE - 1 },
		{ HOLE, PAGE },
		{ HOLE, 6 * PAGE },
		{ FILE_MAP + PAGE, PAGE },
		{ SHARED + PAGE, 4 * PAGE },
		{ NO_ACCESS + PAGE, PAGE },
		{ PLAIN + PAGE, 2 * PAGE },
		{ PLAIN, 20 * PAGE },
		{ 0, 0 },
		{ 0, PAGE },
		{ 1, PAGE },
		{ KERNEL, PAGE },
		{ KERNEL + 1, PAGE },
		{ NEARLY_0, PAGE },
		{ TOP, PAGE },
	};

	for (size_t i = 0; i < COUNT(now); i++)
		pairs[i] = now[i];
	*ret_pairs = pairs;
	return COUNT(now);
}

static void with_each_range(long nr, const long *values, size_t count)
{
	const struct pair *pairs;
	size_t n = ranges(&pairs);

	for (size_t v = 0; v < count; v++)
		for (size_t i = 0; i < n; i++)
			trial(nr, pairs[i].address, pairs[i].length, values[v], 0, 0, 0);
}

static void try_protection(void)
{
	static const long prots[] = { PROT_NONE, PROT_READ, PROT_READ | PROT_WRITE,
				      PROT_EXEC, 0x10000,   PROT_READ | PROT_GROWSDOWN,
				      -1 };
	static const long keys[] = { -1, 0, 14, 16, 4096 };

	with_each_range(SYS_mprotect, prots, COUNT(prots));
	for (size_t i = 0; i < COUNT(keys); i++) {
		trial(SYS_pkey_mprotect, PLAIN + PAGE, PAGE, PROT_READ, keys[i], 0, 0);
		trial(SYS_pkey_mprotect, PLAIN + 1, PAGE, PROT_READ, keys[i], 0, 0);
		trial(SYS_pkey_mprotect, HOLE, PAGE, PROT_READ, keys[i], 0, 0);
		trial(SYS_pkey_mprotect, WRITTEN, 0, PROT_READ, keys[i], 0, 0);
	}
}

static void try_advice(void)
{
	static const long advice[] = { MADV_NORMAL,
				       MADV_DONTFORK,
				       MADV_DOFORK,
				       MADV_WIPEONFORK,
				       MADV_DONTDUMP,
				       MADV_MERGEABLE,
				       MADV_HUGEPAGE,
				       MADV_DONTNEED,
				       MADV_FREE,
				       MADV_REMOVE,
				       MADV_WILLNEED,
				       MADV_POPULATE_WRITE,
				       102 /* GUARD_INSTALL */,
				       4242,
				       -1 };

	with_each_range(SYS_madvise, advice, COUNT(advice));
}

static void try_locks(void)
{
	static const long any[] = { 0 };
	static const long flags[] = { 0, MLOCK_ONFAULT, 2, -1 };

	with_each_range(SYS_mlock, any, COUNT(any));
	with_each_range(SYS_mlock2, flags, COUNT(flags));
	with_each_range(SYS_munlock, any, COUNT(any));
	for (long flag = 0; flag < 10; flag++)
		if (!(flag & MCL_CURRENT)) /* would lock everything, including the library */
			trial(SYS_mlockall, flag, 0, 0, 0, 0, 0);
	trial(SYS_munlockall, 0, 0, 0, 0, 0, 0);
}

static void try_policy(void)
{
	static unsigned long node = 1, far = 1UL << 40;
	static const long policies[] = { 0, 1, 2, 3, 4, 5, 99, -1 };
	const struct pair *pairs;
	size_t n = ranges(&pairs);

	for (size_t i = 0; i < n; i++) {
		trial(SYS_mbind, pairs[i].address, pairs[i].length, 2, (long)&node, 64, 0);
		trial(450, pairs[i].address, pairs[i].length, 0, 0, 0, 0);
	}
	for (size_t i = 0; i < COUNT(policies); i++) {
		trial(SYS_mbind, PLAIN + PAGE, PAGE, policies[i], (long)&node, 64, 0);
		trial(SYS_mbind, PLAIN + PAGE, PAGE, policies[i], (long)&far, 64, 0);
		trial(SYS_mbind, PLAIN + PAGE, PAGE, policies[i], 0, 0, 0);
		trial(SYS_mbind, PLAIN + PAGE, PAGE, policies[i], KERNEL, 64, 0);
	}
	trial(SYS_mbind, PLAIN, PAGE, 2, (long)&node, 64, -1);
	trial(SYS_mbind, PLAIN, PAGE, 2, (long)&node, -1, 0);
	trial(450, PLAIN, PAGE, 9999, 0, 0, 0);
	trial(450, PLAIN, PAGE, 0, 1, 0, 0);
}

void try_ranges(void)
{
	static const long any[] = { 0 };

	with_each_range(SYS_munmap, any, COUNT(any));
	/* more than there are addresses, of which processors with five levels of pages have 2^56 */
	trial(SYS_munmap, WRITTEN, 1L << 57, 0, 0, 0, 0);
	try_protection();
	try_advice();
	try_locks();
	try_policy();
	for (long page = 0; page < 6; page++)
		trial(SYS_remap_file_pages, SHARED, 2 * PAGE, 0, page, 0, 0);
	with_each_range(SYS_remap_file_pages, any, COUNT(any));
	trial(SYS_remap_file_pages, SHARED, PAGE, PROT_READ, 0, 0, 0);
	trial(SYS_remap_file_pages, SHARED, PAGE, 0, -1, 0, 0);
}
