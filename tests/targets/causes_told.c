/* SPDX-License-Identifier: MIT */
/*
 * Ways to use up maps, like those of causes.c, whose maps look like those of another way: flags of
 * mmap and how often each call was made tell them apart. The second argument says how often.
 */
#include <fcntl.h>
#include <pthread.h>
#include <sys/syscall.h>

#include "target.h"

#define FOREVER 1000l
#define PRIVATE (MAP_PRIVATE | MAP_ANONYMOUS)
#define ACCESS  (PROT_READ | PROT_WRITE)

static char *map_at(char *at, size_t pages, int prot, int flags)
{
	char *map = mmap(at, pages * PAGE, prot, flags, -1, 0);

	REQUIRE(map != MAP_FAILED);
	return map;
}

/* Only the first page of each map is kept out of core dumps. */
static void advise_first(long count)
{
	for (long i = 0; i < count; i++)
		REQUIRE(madvise(map_pages(2), PAGE, MADV_DONTDUMP) == 0);
}

/* A collector gives blocks of its heap back by mapping addresses without access over them. */
static void unmap_blocks(long count)
{
	char *heap = map_pages(2 * (size_t)count);

	for (long i = 0; i < count; i++)
		map_at(heap + 2 * (size_t)i * PAGE, 1, PROT_NONE, PRIVATE | MAP_FIXED);
}

static char *with_guards(size_t pages)
{
	char *at = map_at(NULL, pages + 2, PROT_NONE, PRIVATE);

	REQUIRE(mprotect(at + PAGE, pages * PAGE, ACCESS) == 0);
	return at + PAGE;
}

/* Every other object is freed, but its addresses are not used again. */
static void quarantine(long count)
{
	for (long i = 0; i < count; i++) {
		with_guards(8);
		map_at(with_guards(8), 8, PROT_NONE, PRIVATE | MAP_FIXED);
	}
}

static pthread_barrier_t all_are_there;

/* A runtime that has more guards at the end of its threads' stacks than libc makes. */
static void *guard_own_stack(void *arg)
{
	pthread_attr_t attr;
	void *low;
	size_t size;

	REQUIRE(pthread_getattr_np(pthread_self(), &attr) == 0);
	REQUIRE(pthread_attr_getstack(&attr, &low, &size) == 0);
	pthread_attr_destroy(&attr);
	REQUIRE(mprotect(low, 4 * PAGE, PROT_NONE) == 0);
	pthread_barrier_wait(&all_are_there);
	pause();
	return arg;
}

static void second_guards(long count)
{
	pthread_attr_t attr;
	pthread_t thread;

	REQUIRE(pthread_attr_init(&attr) == 0 && pthread_attr_setstacksize(&attr, 64 * PAGE) == 0);
	REQUIRE(pthread_barrier_init(&all_are_there, NULL, (unsigned)count + 1) == 0);
	for (long i = 0; i < count; i++)
		REQUIRE(pthread_create(&thread, &attr, guard_own_stack, NULL) == 0);
	pthread_barrier_wait(&all_are_there);
}

/* Pages are cleared by mapping new ones over them, with another flag. */
static void clear_over(long count)
{
	char *at = map_pages(2 * (size_t)count);

	for (long i = 0; i < count; i++)
		map_at(at + 2 * (size_t)i * PAGE, 1, ACCESS, PRIVATE | MAP_FIXED | MAP_NORESERVE);
}

/* More is mapped than needed, and the ends are cut off for the sake of alignment. */
static void align_each(long count)
{
	const size_t size = 18 * PAGE, align = 32 * PAGE;

	for (long i = 0; i < count; i++) {
		char *map = map_at(NULL, (size + align) / PAGE, ACCESS, PRIVATE);
		char *at = (char *)(((uintptr_t)map + align - 1) & ~(align - 1));

		if (at > map)
			REQUIRE(munmap(map, (size_t)(at - map)) == 0);
		REQUIRE(munmap(at + size, (size_t)(map + align - at)) == 0);
	}
}

/* A heap that is visible three times, its pieces in the order in which they were needed. */
static void three_views(long count)
{
	size_t piece = 4 * PAGE;
	int fd = memfd_create("heap", MFD_CLOEXEC);
	char *view[3];

	REQUIRE(fd >= 0 && ftruncate(fd, count * (long)piece) == 0);
	for (size_t i = 0; i < 3; i++)
		view[i] = map_at(NULL, (size_t)count * 4, PROT_NONE, PRIVATE | MAP_NORESERVE);
	for (long i = 0; i < count; i++)
		for (size_t v = 0; v < 3; v++)
			REQUIRE(mmap(view[v] + (size_t)i * piece, piece, ACCESS,
				     MAP_SHARED | MAP_FIXED, fd,
				     i * 7 % count * (long)piece) != MAP_FAILED);
}

static void zero_device(long count)
{
	int fd = open("/dev/zero", O_RDWR | O_CLOEXEC);

	for (long i = 0; i < count; i++)
		REQUIRE(mmap(NULL, PAGE, ACCESS, MAP_PRIVATE, fd, 0) != MAP_FAILED);
}

/* Objects among code, in memory that was mapped writable and executable, are made read-only. */
static void seal_among_code(long count)
{
	char *at = map_at(NULL, 2 * (size_t)count, ACCESS | PROT_EXEC, PRIVATE);

	for (long i = 0; i < count; i++)
		REQUIRE(mprotect(at + 2 * (size_t)i * PAGE, PAGE, PROT_READ) == 0);
}

/* Each map is a copy of a template, and is written to. */
static void private_copies(long count)
{
	int fd = memfd_create("template", MFD_CLOEXEC);

	REQUIRE(fd >= 0 && ftruncate(fd, 4 * PAGE) == 0);
	for (long i = 0; i < count; i++) {
		char *at = mmap(NULL, 4 * PAGE, ACCESS, MAP_PRIVATE, fd, 0);

		REQUIRE(at != MAP_FAILED);
		*at = 1;
	}
}

/* Pieces of a range are opened, used, and closed again. */
static void close_again(long count)
{
	char *at = map_at(NULL, 2 * (size_t)count, PROT_NONE, PRIVATE);

	for (long i = 0; i < count; i++) {
		REQUIRE(mprotect(at + 2 * (size_t)i * PAGE, PAGE, ACCESS) == 0);
		at[2 * (size_t)i * PAGE] = 1;
	}
	for (long i = 0; i < count; i++)
		REQUIRE(mprotect(at + 2 * (size_t)i * PAGE, PAGE, PROT_NONE) == 0);
}

/* One line gives pages all protections that there are. */
static void any_protection(long count)
{
	static const int prot[] = { PROT_READ, ACCESS, PROT_READ | PROT_EXEC, ACCESS | PROT_EXEC,
				    PROT_NONE };
	char *at = map_at(NULL, (size_t)count, PROT_NONE, PRIVATE | MAP_NORESERVE);

	for (long i = 0; i < count; i++)
		REQUIRE(mprotect(at + (size_t)i * PAGE, PAGE, prot[i % 5]) == 0);
}

__attribute__((noinline)) static void protect_one(char *at, int prot)
{
	REQUIRE(mprotect(at, PAGE, prot) == 0);
}

/* One line makes guards for one caller, and for another it undoes nine of ten, which merges maps again. */
static void undo_guards(long count)
{
	char *at = map_pages(2 * (size_t)count + 1);

	for (long i = 0; i < count; i++) {
		protect_one(at + (2 * (size_t)i + 1) * PAGE, PROT_NONE);
		if (i % 10)
			protect_one(at + (2 * (size_t)i + 1) * PAGE, ACCESS);
	}
}

/* Secrets: each with guards, and kept out of core dumps. */
static void keep_secrets(long count)
{
	for (long i = 0; i < count; i++)
		REQUIRE(madvise(with_guards(2), 2 * PAGE, MADV_DONTDUMP) == 0);
}

/* Pages of a file are mapped over a range of memory that had been reserved for them. */
static void load_over(long count)
{
	char *at = map_pages(2 * (size_t)count);
	char name[] = "./pages.XXXXXX";
	int fd = mkstemp(name);

	REQUIRE(fd >= 0 && ftruncate(fd, count * (long)PAGE) == 0 && unlink(name) == 0);
	for (long i = 0; i < count; i++)
		REQUIRE(mmap(at + 2 * (size_t)i * PAGE, PAGE, PROT_READ, MAP_PRIVATE | MAP_FIXED,
			     fd, i * (long)PAGE) != MAP_FAILED);
}

/* The kernel makes a map for each context of asynchronous reads and writes. */
static void make_contexts(long count)
{
	for (long i = 0; i < count; i++) {
		unsigned long context = 0;

		REQUIRE(syscall(SYS_io_setup, 1, &context) == 0);
	}
}

static void lock_every_other(long count)
{
	for (long i = 0; i < count; i += 2) {
		map_at(NULL, 1, ACCESS, PRIVATE | MAP_LOCKED);
		map_at(NULL, 1, ACCESS, PRIVATE);
	}
}

/* What is in use is closed until it is needed; its contents stay. */
static void close_contents(long count)
{
	char *at = map_pages(8 * (size_t)count);

	memset(at, 1, 8 * (size_t)count * PAGE);
	for (long i = 0; i < count; i++)
		REQUIRE(mprotect(at + 8 * (size_t)i * PAGE, 4 * PAGE, PROT_NONE) == 0);
}

static void drop_shared(long count)
{
	char *at = map_at(NULL, 2 * (size_t)count, ACCESS, MAP_SHARED | MAP_ANONYMOUS);

	for (long i = 0; i < count; i++)
		REQUIRE(munmap(at + 2 * (size_t)i * PAGE, PAGE) == 0);
}

/* Each channel has a page that its reader must not change. */
static void make_channels(long count)
{
	for (long i = 0; i < count; i++) {
		int fd = memfd_create("channel", MFD_CLOEXEC);
		char *at;

		REQUIRE(fd >= 0 && ftruncate(fd, 4 * PAGE) == 0);
		at = mmap(NULL, 4 * PAGE, ACCESS, MAP_SHARED, fd, 0);
		REQUIRE(at != MAP_FAILED && close(fd) == 0);
		REQUIRE(mprotect(at, PAGE, PROT_READ) == 0);
	}
}

static void share_objects(long count)
{
	for (long i = 0; i < count; i++)
		REQUIRE(mprotect(map_at(NULL, 4, ACCESS, MAP_SHARED | MAP_ANONYMOUS), PAGE,
				 PROT_READ) == 0);
}

/* Sessions have guards, but what uses up all addresses is something else. */
static void map_segments(long count)
{
	for (long i = 0; i < count; i++)
		with_guards(2);
	while (mmap(NULL, 4 << 20, ACCESS, PRIVATE, -1, 0) != MAP_FAILED)
		;
}

static void map_index(void)
{
	REQUIRE(mmap(NULL, 600 << 20, PROT_READ, PRIVATE, -1, 0) != MAP_FAILED);
}

/* A read-only index is mapped once for all, and small blocks use up what it leaves; none of their maps stays one. */
static void fill_beside_index(long count)
{
	map_index();
	for (long i = 0; i < 200 * count; i++)
		mmap(NULL, 256 << 10, ACCESS, PRIVATE, -1, 0);
}

static const struct target_way ways[] = {
	{ "fill-beside-index", fill_beside_index },
	{ "advise-first", advise_first },
	{ "unmap-blocks", unmap_blocks },
	{ "quarantine", quarantine },
	{ "second-guards", second_guards },
	{ "clear-over", clear_over },
	{ "align-each", align_each },
	{ "three-views", three_views },
	{ "zero-device", zero_device },
	{ "seal-among-code", seal_among_code },
	{ "private-copies", private_copies },
	{ "close-again", close_again },
	{ "any-protection", any_protection },
	{ "undo-guards", undo_guards },
	{ "keep-secrets", keep_secrets },
	{ "load-over", load_over },
	{ "make-contexts", make_contexts },
	{ "lock-every-other", lock_every_other },
	{ "close-contents", close_contents },
	{ "drop-shared", drop_shared },
	{ "make-channels", make_channels },
	{ "share-objects", share_objects },
	{ "map-segments", map_segments },
};

int main(int argc, char **argv)
{
	return run_way(ways, sizeof(ways) / sizeof(*ways), argc, argv, FOREVER);
}
