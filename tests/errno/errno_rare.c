/* SPDX-License-Identifier: MIT */
/* The calls that change maps only with some arguments, or only rarely, and the seals. */
#include "errno_table.h"

#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/uio.h>

#define COUNT(array)         (sizeof(array) / sizeof((array)[0]))
#define SYS_MSEAL            462
#define SYS_MAP_SHADOW_STACK 453
#define SET_MEMORY_MERGE     67
#define SET_VMA              0x53564d41

static void try_io(void)
{
	static unsigned long context;
	const long counts[] = { 0, -1, 1L << 30, 8 };
	const long setup[6] = { 8, (long)&context, 0, 0, 0, 0 };

	for (size_t i = 0; i < COUNT(counts); i++) {
		trial(SYS_io_setup, counts[i], 0, 0, 0, 0, 0);
		trial(SYS_io_setup, counts[i], KERNEL, 0, 0, 0, 0);
		trial(SYS_io_setup, counts[i], NO_ACCESS, 0, 0, 0, 0);
		/* A context other than 0 is refused; the area's pages contain ones. */
		trial(SYS_io_setup, counts[i], WRITTEN, 0, 0, 0, 0);
	}
	for (int by_libc = 0; by_libc < 2; by_libc++) {
		context = 0;
		trial_as_is(by_libc, SYS_io_setup, setup);
		trial_as_is(by_libc, SYS_io_destroy, (long[6]){ (long)context, 0, 0, 0, 0, 0 });
		trial_as_is(by_libc, SYS_io_destroy, (long[6]){ (long)context, 0, 0, 0, 0, 0 });
	}
	trial(SYS_io_destroy, 0, 0, 0, 0, 0, 0);
	trial(SYS_io_destroy, WRITTEN, 0, 0, 0, 0, 0);
	trial(SYS_io_destroy, KERNEL, 0, 0, 0, 0, 0);
}

static void try_userfault(void)
{
	static struct uffdio_api api = { .api = UFFD_API };
	static struct uffdio_register request;
	const struct pair *pairs;
	size_t n = ranges(&pairs);
	const long fds[] = { files.good, files.closed, -1 };

	trial(SYS_ioctl, files.userfault, (long)UFFDIO_REGISTER, (long)&request, 0, 0, 0);
	ioctl(files.userfault, UFFDIO_API, &api);
	for (size_t i = 0; i < n; i++)
		for (uint64_t mode = 0; mode < 4; mode++) {
			request = (struct uffdio_register){
				.range = { (uint64_t)pairs[i].address, (uint64_t)pairs[i].length },
				.mode = mode,
			};
			trial(SYS_ioctl, files.userfault, (long)UFFDIO_REGISTER, (long)&request, 0,
			      0, 0);
			trial(SYS_ioctl, files.userfault, (long)UFFDIO_UNREGISTER,
			      (long)&request.range, 0, 0, 0);
		}
	for (size_t i = 0; i < COUNT(fds); i++)
		trial(SYS_ioctl, fds[i], (long)UFFDIO_REGISTER, (long)&request, 0, 0, 0);
	trial(SYS_ioctl, files.userfault, (long)UFFDIO_REGISTER, 0, 0, 0, 0);
	trial(SYS_ioctl, files.userfault, (long)UFFDIO_UNREGISTER, KERNEL, 0, 0, 0);
	trial(SYS_ioctl, files.userfault, 0xaa7f, 0, 0, 0, 0);
}

static void try_prctl(void)
{
	static const char name[] = "table", bad[] = "back\\slash";
	const long names[] = { (long)name, (long)bad, 0, KERNEL };
	const struct pair *pairs;
	size_t n = ranges(&pairs);

	for (size_t i = 0; i < COUNT(names); i++)
		trial(SYS_prctl, SET_VMA, 0, PLAIN + PAGE, PAGE, names[i], 0);
	for (size_t i = 0; i < n; i++)
		trial(SYS_prctl, SET_VMA, 0, pairs[i].address, pairs[i].length, (long)name, 0);
	trial(SYS_prctl, SET_VMA, 99, PLAIN, PAGE, (long)name, 0);
	trial(SYS_prctl, SET_MEMORY_MERGE, 1, 1, 0, 0, 0);
	trial(SYS_prctl, SET_MEMORY_MERGE, 0, 0, 0, 1, 0);
	trial(SYS_prctl, SET_MEMORY_MERGE, 1, 0, 0, 0, 0);
	trial(SYS_prctl, SET_MEMORY_MERGE, 0, 0, 0, 0, 0);
	trial(SYS_prctl, 123456789, 0, 0, 0, 0, 0);
	trial(SYS_prctl, -1, 0, 0, 0, 0, 0);
	trial(SYS_arch_prctl, 0x2003, 1, 0, 0, 0, 0);
	trial(SYS_arch_prctl, 0x9999, 0, 0, 0, 0, 0);
	trial(SYS_MAP_SHADOW_STACK, 0, PAGE, 0, 0, 0, 0);
	trial(SYS_MAP_SHADOW_STACK, 1, 0, -1, 0, 0, 0);
}

static void try_process_madvise(void)
{
	static struct iovec range[2];
	const int targets[] = { files.self, files.good, files.closed, -1 };
	const long advice[] = { MADV_COLD, MADV_DONTDUMP, MADV_DONTNEED, 4242 };
	const struct pair *pairs;
	size_t n = ranges(&pairs);

	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < COUNT(advice); k++) {
			range[0] = (struct iovec){ (void *)(PLAIN + PAGE), PAGE };
			range[1] =
				(struct iovec){ (void *)pairs[i].address, (size_t)pairs[i].length };
			trial(SYS_process_madvise, files.self, (long)range, 2, advice[k], 0, 0);
		}
	range[1] = (struct iovec){ (void *)WRITTEN, PAGE };
	for (size_t i = 0; i < COUNT(targets); i++)
		trial(SYS_process_madvise, targets[i], (long)range, 2, MADV_DONTDUMP, 0, 0);
	trial(SYS_process_madvise, files.self, (long)range, 2, MADV_DONTDUMP, 1, 0);
	trial(SYS_process_madvise, files.self, (long)range, 0, MADV_DONTDUMP, 0, 0);
	trial(SYS_process_madvise, files.self, (long)range, 1025, MADV_DONTDUMP, 0, 0);
	trial(SYS_process_madvise, files.self, (long)range, -1, MADV_DONTDUMP, 0, 0);
	trial(SYS_process_madvise, files.self, 0, 1, MADV_DONTDUMP, 0, 0);
	trial(SYS_process_madvise, files.self, KERNEL, 1, MADV_DONTDUMP, 0, 0);
}

void try_rare(void)
{
	try_io();
	try_userfault();
	try_prctl();
	try_process_madvise();
}

/* What a seal refuses, on a separate area. */
static void try_sealed(int by_libc, long number)
{
	const long fixed = MREMAP_MAYMOVE | MREMAP_FIXED;
	const long private = MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED;
	const long calls[][7] = {
		{ SYS_munmap, PLAIN - PAGE, 4 * PAGE },
		{ SYS_mprotect, PLAIN, 4 * PAGE, PROT_READ },
		{ SYS_mmap, PLAIN + PAGE, 4 * PAGE, PROT_READ, private, -1 },
		{ SYS_mremap, PLAIN + PAGE, 2 * PAGE, PAGE },
		{ SYS_mremap, WRITTEN, 2 * PAGE, 2 * PAGE, fixed, PLAIN + PAGE },
		{ SYS_mlock, PLAIN + PAGE, 2 * PAGE },
		{ SYS_madvise, PLAIN + PAGE, 2 * PAGE, MADV_DONTDUMP },
		{ SYS_madvise, PLAIN + PAGE, 2 * PAGE, MADV_DONTNEED },
		{ SYS_MSEAL, PLAIN + PAGE, 2 * PAGE, 0 },
		{ SYS_shmat, 0, PLAIN, 040000 /* SHM_REMAP */ },
	};
	const long *call = calls[(size_t)number % COUNT(calls)];

	trial_as_is(by_libc, SYS_MSEAL, (long[6]){ PLAIN + 2 * PAGE, 2 * PAGE, 0, 0, 0, 0 });
	trial_as_is(by_libc, call[0], call + 1);
}

void try_seals(void)
{
	const struct pair *pairs;
	size_t n = ranges(&pairs);

	for (size_t i = 0; i < n; i++) {
		area += 2 * 128 * PAGE;
		ranges(&pairs);
		trial(SYS_MSEAL, pairs[i].address, pairs[i].length, 1, 0, 0, 0);
		/* Only in one of the two ways, since a sealed area cannot be laid out again. */
		trial(SYS_munmap, area, AREA_PAGES * PAGE, 0, 0, 0, 0);
		mmap((void *)WRITTEN, 8 * PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED,
		     -1, 0);
		trial_as_is((int)i % 2, SYS_MSEAL,
			    (long[6]){ pairs[i].address, pairs[i].length, 0, 0, 0, 0 });
	}
	for (int i = 0; i < 20; i++) {
		area += 2 * 128 * PAGE;
		trial(SYS_munmap, HOLE, PAGE, 0, 0, 0, 0);
		try_sealed(i % 2, i / 2);
	}
}
