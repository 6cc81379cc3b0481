/* SPDX-License-Identifier: MIT */
/*
 * Makes one memory call that fails for the given reason: map-limit, rlimit-as, rlimit-data,
 * rlimit-memlock, overcommit, address-space, huge-pages, hole, sealed; or in another way for one of
 * these. Or starts threads or processes, which RLIMIT_NPROC forbids. Prints the errno of the call.
 */
#include <pthread.h>
#include <stdbool.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#include "target.h"

#ifndef SYS_mseal
#define SYS_mseal 462
#endif

#define PRIVATE (MAP_PRIVATE | MAP_ANONYMOUS)

static void limit(int resource, rlim_t bytes)
{
	const struct rlimit limits = { bytes, bytes };

	REQUIRE(setrlimit(resource, &limits) == 0);
}

/* Change the protection of every other page of a large map until the kernel refuses. */
static char *reach_map_limit(void)
{
	char *at = mmap(NULL, 200000UL * PAGE, PROT_NONE, PRIVATE | MAP_NORESERVE, -1, 0);

	REQUIRE(at != MAP_FAILED);
	for (long i = 0; i < 200000; i += 2)
		if (mprotect(at + i * PAGE, PAGE, PROT_READ))
			return at;
	errno = 0;
	return at;
}

static void seal_and_unmap(void)
{
	char *at = map_pages(2);

	REQUIRE(syscall(SYS_mseal, at, PAGE, 0) == 0);
	munmap(at, 2 * PAGE);
}

/* With mlockall(MCL_FUTURE), memory counts against the limit as soon as it is mapped. */
static void fail_to_lock(const char *by)
{
	char *at = map_pages(16);

	limit(RLIMIT_MEMLOCK, 64 * PAGE);
	REQUIRE(setuid(65534) == 0);
	REQUIRE(strcmp(by, "mmap") == 0 || mlockall(MCL_FUTURE) == 0);
	if (strcmp(by, "mremap") == 0)
		REQUIRE(mlock(at, 16 * PAGE) == 0);
	errno = 0;
	if (strcmp(by, "mmap") == 0)
		mmap(NULL, 128 * PAGE, PROT_READ, PRIVATE | MAP_LOCKED, -1, 0);
	else if (strcmp(by, "future") == 0)
		mmap(NULL, 128 * PAGE, PROT_READ, PRIVATE, -1, 0);
	else if (strcmp(by, "mremap") == 0)
		mremap(at, 16 * PAGE, 128 * PAGE, MREMAP_MAYMOVE);
	else if (map_pages(1))
		sbrk(128 * (intptr_t)PAGE);
}

/*
 * A process with CAP_IPC_LOCK may lock more than RLIMIT_MEMLOCK, and then it is the number of maps
 * that mlock fails for.
 */
static void lock_to_map_limit(void)
{
	char *at = mmap(NULL, 200000UL * PAGE, PROT_READ, PRIVATE | MAP_NORESERVE, -1, 0);

	REQUIRE(at != MAP_FAILED);
	limit(RLIMIT_MEMLOCK, PAGE);
	for (long i = 0; i < 200000 && mlock2(at + i * PAGE, PAGE, MLOCK_ONFAULT) == 0; i += 2)
		;
}

static void *do_nothing(void *arg)
{
	return arg;
}

/* Beyond the first thread of its user, none is allowed. */
static void start_three(bool threads)
{
	pthread_t thread;

	limit(RLIMIT_NPROC, 1);
	REQUIRE(geteuid() != 0 || setuid(65534) == 0);
	for (int i = 0; i < 3; i++) {
		if (threads)
			errno = pthread_create(&thread, NULL, do_nothing, NULL);
		else
			REQUIRE(fork() < 0);
	}
}

static void fail_for(const char *reason)
{
	const size_t gib = 1UL << 30;

	if (strcmp(reason, "map-limit") == 0) {
		reach_map_limit();
	} else if (strcmp(reason, "rlimit-as") == 0) {
		limit(RLIMIT_AS, gib);
		mmap(NULL, gib, PROT_READ, PRIVATE, -1, 0);
	} else if (strcmp(reason, "rlimit-data") == 0) {
		limit(RLIMIT_DATA, gib);
		mmap(NULL, gib, PROT_READ | PROT_WRITE, PRIVATE, -1, 0);
	} else if (strcmp(reason, "rlimit-memlock") == 0) {
		limit(RLIMIT_MEMLOCK, PAGE);
		REQUIRE(setuid(65534) == 0);
		mlock(map_pages(4), 4 * PAGE);
	} else if (strcmp(reason, "lock-all") == 0) {
		limit(RLIMIT_MEMLOCK, PAGE);
		REQUIRE(setuid(65534) == 0);
		mlockall(MCL_CURRENT);
	} else if (strcmp(reason, "lock-limit") == 0) {
		lock_to_map_limit();
	} else if (strncmp(reason, "locked-", 7) == 0) {
		fail_to_lock(reason + 7);
	} else if (strcmp(reason, "dontdump-limit") == 0) {
		madvise(reach_map_limit() + 199000 * PAGE, PAGE, MADV_DONTDUMP);
	} else if (strcmp(reason, "overcommit") == 0) {
		mmap(NULL, gib << 14, PROT_READ | PROT_WRITE, PRIVATE, -1, 0);
	} else if (strcmp(reason, "address-space") == 0) {
		mmap(NULL, gib << 17, PROT_NONE, PRIVATE | MAP_NORESERVE, -1, 0);
	} else if (strcmp(reason, "huge-pages") == 0) {
		/* more of them than the machine can have */
		mmap(NULL, gib << 13, PROT_READ | PROT_WRITE, PRIVATE | MAP_HUGETLB, -1, 0);
	} else if (strcmp(reason, "hole") == 0) {
		char *at = map_pages(3);

		REQUIRE(munmap(at + PAGE, PAGE) == 0);
		mprotect(at, 3 * PAGE, PROT_READ);
	} else if (strcmp(reason, "sealed") == 0) {
		seal_and_unmap();
	} else if (strcmp(reason, "threads") == 0 || strcmp(reason, "forks") == 0) {
		start_three(reason[0] == 't');
	}
}

int main(int argc, char **argv)
{
	REQUIRE(argc == 2);
	errno = 0;
	fail_for(argv[1]);
	printf("%s: errno %d\n", argv[1], errno);
	return 0;
}
