/* SPDX-License-Identifier: MIT */
/*
 * Random calls of the rarer kinds: stacks that grow, huge pages, seals, userfaultfd, System V
 * segments, aio rings, calls on the whole process, advice by pidfd. Calls that cannot be undone
 * (seals), and maps that keep a distance from others (stacks, huge pages), have places of their
 * own, far from the arenas.
 */
#include "random.h"

#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/shm.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

/* Newer than Debian 12's headers. */
#define CALL_HOME_NODE   450
#define CALL_SEAL        462
#define SET_MEMORY_MERGE 67
#define SET_VMA          0x53564d41
#define USER_MODE_ONLY   1

#define HUGE_PAGE    (512 * PAGE)
#define HUGE_PAGES   6
#define STACK_TOP    (UINT64_C(1) << 30)
#define HUGE_AT      (UINT64_C(2) << 30)
#define CORNERS_AT   (UINT64_C(3) << 30)
#define CORNER_PAGES 32
/* after so many calls, a new corner: most of the old one is sealed by then */
#define CORNER_CALLS 200

static int random_prot(struct worker *worker)
{
	return random_once(worker, 2) ? PROT_READ | PROT_WRITE : (int)random_below(worker, 8);
}

static void place(char *at, size_t pages, int prot, int flags)
{
	mmap(at, pages * PAGE, prot, flags | MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
}

/*
 * Far from everything else, since a stack keeps 1 MiB away from the map below it. Only with a
 * single thread: if a stack's mmap was among too many deferred calls, nobody knows that it is a
 * stack, and its growth looks unexplained.
 */
static void random_stack(struct worker *worker)
{
	char *const top = worker->rare + STACK_TOP;
	char *const at = top - (1 + random_below(worker, 24)) * PAGE;
	const size_t length = (1 + random_below(worker, 6)) * PAGE;
	ssize_t ignored;

	if (!worker->is_alone)
		return;
	switch (random_below(worker, 7)) {
	case 0: place(top - 4 * PAGE, 4, PROT_READ | PROT_WRITE, MAP_GROWSDOWN); break;
	case 1: munmap(at, length); break;
	case 2: place(at, length / PAGE, random_prot(worker), 0); break;
	case 3: madvise(at, length, MADV_DONTDUMP); break;
	case 4: munmap(top - 64 * PAGE, 64 * PAGE); break;
	case 5: mprotect(at, length, random_prot(worker) | PROT_GROWSDOWN); break;
	default: mprotect(at, length, random_prot(worker));
	}
	/* Access by the kernel lets it grow, as the program's access would. */
	ignored = pread(worker->files->zero, top - (1 + random_below(worker, 32)) * PAGE, 1, 0);
	(void)ignored;
}

/* Without a reservation there may be no huge pages, so nothing accesses these maps. */
static void random_huge(struct worker *worker)
{
	char *const whole = worker->rare + HUGE_AT;
	char *const at = whole + random_below(worker, HUGE_PAGES) * HUGE_PAGE;
	const size_t length = (1 + random_below(worker, 3)) * HUGE_PAGE;
	const size_t shift = random_once(worker, 4) ? PAGE : 0; /* mostly refused */

	switch (random_below(worker, 6)) {
	case 0:
	case 1:
		mmap(at, length - shift, random_prot(worker),
		     MAP_ANONYMOUS | MAP_FIXED | MAP_HUGETLB | MAP_NORESERVE |
			     (random_once(worker, 2) ? MAP_SHARED : MAP_PRIVATE),
		     -1, 0);
		break;
	case 2: munmap(at + shift, length); break;
	case 3: mprotect(at + shift, length, random_prot(worker)); break;
	case 4:
		madvise(at + shift, length, random_once(worker, 2) ? MADV_DONTDUMP : MADV_DODUMP);
		break;
	default: place(at + shift, length / PAGE, random_prot(worker), 0);
	}
}

static void renew_corner(struct worker *worker)
{
	if (worker->corner_calls++ % CORNER_CALLS)
		return;
	worker->corner = worker->rare + CORNERS_AT +
			 worker->corner_calls / CORNER_CALLS * 4 * CORNER_PAGES * PAGE;
	place(worker->corner, CORNER_PAGES, PROT_READ | PROT_WRITE, 0);
}

/* Calls that fail midway: the part before the seal has changed. */
static void random_seal(struct worker *worker)
{
	size_t pages = 1 + random_below(worker, 8);
	char *at;

	renew_corner(worker);
	at = worker->corner + random_below(worker, CORNER_PAGES - pages) * PAGE;
	switch (random_below(worker, 8)) {
	case 0: syscall(CALL_SEAL, at, (1 + pages / 4) * PAGE, 0UL); break;
	case 1: munmap(at, pages * PAGE); break;
	case 2: place(at, pages, random_prot(worker), 0); break;
	case 3: mremap(at, pages * PAGE, (1 + random_below(worker, 6)) * PAGE, 0); break;
	case 4:
		mremap(at, pages * PAGE, pages * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED,
		       worker->corner + random_below(worker, CORNER_PAGES - pages) * PAGE);
		break;
	case 5:
		madvise(at, pages * PAGE, random_once(worker, 2) ? MADV_DONTDUMP : MADV_DONTNEED);
		break;
	default: mprotect(at, pages * PAGE, random_prot(worker));
	}
}

void random_open_userfault(struct worker *worker)
{
	struct uffdio_api api = { .api = UFFD_API };

	worker->userfault = (int)syscall(SYS_userfaultfd, O_CLOEXEC | USER_MODE_ONLY);
	if (worker->userfault >= 0)
		ioctl(worker->userfault, UFFDIO_API, &api);
}

/*
 * Nobody handles the faults: access by the kernel fails, and the program itself accesses nothing.
 */
static void random_userfault(struct worker *worker)
{
	const struct free_map range = random_range(worker);
	struct uffdio_register request = {
		.range = { (uintptr_t)range.at, range.pages * PAGE },
		.mode = 1 + random_below(worker, 3),
	};

	switch (random_below(worker, 8)) {
	case 0:
		close(worker->userfault);
		random_open_userfault(worker);
		break;
	case 1:
	case 2:
	case 3: ioctl(worker->userfault, UFFDIO_UNREGISTER, &request.range); break;
	case 4:
		request.range.start += 8;
		ioctl(worker->userfault, UFFDIO_REGISTER, &request);
		break;
	default: ioctl(worker->userfault, UFFDIO_REGISTER, &request);
	}
}

static void random_segment(struct worker *worker)
{
	const struct free_map range = random_range(worker);

	char *at;

	switch (random_below(worker, 4)) {
	case 0:
		at = shmat(worker->files->segment, range.at + random_below(worker, 2),
			   (random_once(worker, 2) ? SHM_RND : 0) |
				   (random_once(worker, 4) ? 0 : SHM_REMAP));
		if (at != (void *)-1)
			worker->attached = at;
		break;
	case 1: shmdt(random_once(worker, 4) ? range.at : worker->attached); break;
	default:
		remap_file_pages(range.at, range.pages * PAGE, 0, random_below(worker, FILE_PAGES),
				 0);
	}
}

static void random_ring(struct worker *worker)
{
	if (worker->ring) {
		syscall(SYS_io_destroy, worker->ring);
		worker->ring = 0;
	} else if (syscall(SYS_io_setup, 8, &worker->ring)) {
		worker->ring = 0;
	}
}

static void random_by_pidfd(struct worker *worker)
{
	static const int advice[] = { MADV_DONTDUMP, MADV_DODUMP, MADV_RANDOM, MADV_NORMAL,
				      MADV_COLD };
	struct iovec ranges[3];
	const size_t count = 1 + random_below(worker, 3);

	for (size_t i = 0; i < count; i++) {
		const struct free_map range = random_range(worker);

		ranges[i] = (struct iovec){ range.at, range.pages * PAGE };
	}
	process_madvise(worker->files->self, ranges, count, advice[random_below(worker, 5)], 0);
}

static void random_whole(struct worker *worker)
{
	const struct free_map range = random_range(worker);
	/* After this, nothing can be derived about protections or hidden attributes. */
	const bool is_late = worker->made > worker->calls / 8 * 7;
	unsigned long node = 1;

	switch (random_below(worker, 11)) {
	case 0: mlockall(MCL_CURRENT | MCL_ONFAULT); break;
	case 1: mlockall(MCL_FUTURE | MCL_ONFAULT); break;
	case 2:
	case 3: munlockall(); break;
	case 4:
		if (is_late)
			prctl(SET_MEMORY_MERGE, 1UL, 0UL, 0UL, 0UL);
		break;
	case 5:
		if (is_late)
			prctl(SET_MEMORY_MERGE, 0UL, 0UL, 0UL, 0UL);
		break;
	case 6:
		if (is_late)
			personality(random_once(worker, 2) ? READ_IMPLIES_EXEC : PER_LINUX);
		break;
	case 7:
		/* Only maps with a policy of this kind can have a home node. */
		syscall(SYS_mbind, range.at, range.pages * PAGE, 2, &node, 64UL, 0UL);
		syscall(CALL_HOME_NODE, range.at, range.pages * PAGE, 0UL, 0UL);
		break;
	default:
		prctl(SET_VMA, 0UL, range.at, range.pages * PAGE,
		      random_once(worker, 2) ? "a name" : "another");
	}
}

/* Not with other threads, since libc's own break would move as well. */
static void random_break(struct worker *worker)
{
	const intptr_t wanted = (intptr_t)random_below(worker, 16 * PAGE);

	if (worker->is_alone && sbrk(wanted - worker->break_grown) != (void *)-1)
		worker->break_grown = wanted;
}

void random_rare(struct worker *worker)
{
	static void (*const calls[])(struct worker * worker) = {
		random_stack,     random_stack,   random_huge,      random_seal,
		random_seal,      random_seal,    random_userfault, random_userfault,
		random_userfault, random_segment, random_segment,   random_ring,
		random_by_pidfd,  random_break,   random_break,     random_whole,
	};

	calls[random_below(worker, sizeof(calls) / sizeof(calls[0]))](worker);
}
