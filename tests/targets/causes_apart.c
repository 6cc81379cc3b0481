/* SPDX-License-Identifier: MIT */
/*
 * Ways to use up maps, like those of causes.c, that are easily taken for another way: files with
 * code that no loader loaded, libraries that are no files, memory that is closed for different
 * reasons, and several ways in one program. The second argument says how often.
 */
#include <dlfcn.h>
#include <fcntl.h>
#include <pthread.h>
#include <sys/syscall.h>

#include "target.h"

#ifndef SYS_memfd_secret
#define SYS_memfd_secret 447
#endif

#define FOREVER   1000l
#define PRIVATE   (MAP_PRIVATE | MAP_ANONYMOUS)
#define ACCESS    (PROT_READ | PROT_WRITE)
#define CODE      (PROT_READ | PROT_EXEC)
#define DROPPABLE 0x08 /* MAP_DROPPABLE, Linux 6.11 */

static char *map_at(char *at, size_t pages, int prot, int flags, int fd, size_t offset)
{
	char *map = mmap(at, pages * PAGE, prot, flags, fd, (off_t)(offset * PAGE));

	REQUIRE(map != MAP_FAILED);
	return map;
}

static char *reserve(size_t pages)
{
	return map_at(NULL, pages, PROT_NONE, PRIVATE | MAP_NORESERVE, -1, 0);
}

static int new_file(size_t pages)
{
	char name[] = "./file.XXXXXX";
	int fd = mkstemp(name);

	REQUIRE(fd >= 0 && ftruncate(fd, (off_t)(pages * PAGE)) == 0 && unlink(name) == 0);
	return fd;
}

static int new_memory(size_t pages)
{
	int fd = memfd_create("heap", MFD_CLOEXEC);

	REQUIRE(fd >= 0 && ftruncate(fd, (off_t)(pages * PAGE)) == 0);
	return fd;
}

/* Who looks up addresses of the program opens its file for each of them. */
static void look_up(long count)
{
	for (long i = 0; i < count; i++) {
		int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);

		map_at(NULL, 4, i % 2 ? CODE : PROT_READ, MAP_PRIVATE, fd, 0);
		close(fd);
	}
}

/* Images of another system's programs, whose parts have a protection each. */
static void map_images(long count)
{
	for (long i = 0; i < count; i++) {
		char *at = reserve(16);
		int fd = new_file(16);

		map_at(at, 1, PROT_READ, MAP_PRIVATE | MAP_FIXED, fd, 0);
		map_at(at + PAGE, 6, CODE, MAP_PRIVATE | MAP_FIXED, fd, 1);
		map_at(at + 7 * PAGE, 4, PROT_READ, MAP_PRIVATE | MAP_FIXED, fd, 7);
		map_at(at + 11 * PAGE, 5, ACCESS, MAP_PRIVATE | MAP_FIXED, fd, 11);
		close(fd);
	}
}

/* Likewise modules that the program itself loads, without dlopen, from files in memory. */
static void map_modules(long count)
{
	for (long i = 0; i < count; i++) {
		char *at = reserve(4);
		int fd = new_memory(4);

		map_at(at, 1, PROT_READ, MAP_PRIVATE | MAP_FIXED, fd, 0);
		map_at(at + PAGE, 2, CODE, MAP_PRIVATE | MAP_FIXED, fd, 1);
		map_at(at + 3 * PAGE, 1, ACCESS, MAP_PRIVATE | MAP_FIXED, fd, 3);
		close(fd);
	}
}

static void map_code(long count)
{
	for (long i = 0; i < count; i++) {
		int fd = new_memory(1);

		map_at(NULL, 1, CODE, MAP_PRIVATE, fd, 0);
		close(fd);
	}
}

static void load_from_memory(long count)
{
	static char bytes[1 << 20], name[64];
	int in = open("/usr/lib/x86_64-linux-gnu/libutil.so.1", O_RDONLY | O_CLOEXEC);
	ssize_t n = in < 0 ? -1 : read(in, bytes, sizeof(bytes));

	REQUIRE(n > 0 && n < (ssize_t)sizeof(bytes));
	for (long i = 0; i < count; i++) {
		int fd = memfd_create("plugin", MFD_CLOEXEC);

		REQUIRE(fd >= 0 && write(fd, bytes, (size_t)n) == n);
		snprintf(name, sizeof(name), "/proc/self/fd/%d", fd);
		REQUIRE(dlopen(name, RTLD_NOW));
	}
}

/* Pages of code are made writable, changed, and left so. */
static void patch_code(long count)
{
	int fd = new_file(3 * (size_t)count);
	char *at = map_at(NULL, 3 * (size_t)count, CODE, MAP_PRIVATE, fd, 0);

	for (size_t i = 0; i < (size_t)count; i++) {
		REQUIRE(mprotect(at + 3 * i * PAGE, PAGE, CODE | PROT_WRITE) == 0);
		at[3 * i * PAGE] = 1;
	}
}

static void commit_code(char *page)
{
	map_at(page, 1, ACCESS, PRIVATE | MAP_FIXED, -1, 0);
	REQUIRE(mprotect(page, PAGE, CODE) == 0);
}

/* Each page is mapped into a reservation when it is needed, and the reservation put back over it. */
static void give_code_back(long count)
{
	size_t pages = 2 * (size_t)count;
	char *at = reserve(pages);

	for (size_t i = 0; i < pages; i++)
		commit_code(at + i * 7 % pages * PAGE);
	for (size_t i = 0; i < pages; i += 2)
		map_at(at + i * PAGE, 1, PROT_NONE, PRIVATE | MAP_FIXED | MAP_NORESERVE, -1, 0);
}

/* Every other page of a pool is opened; those in between are never touched. */
static void open_slots(long count)
{
	char *pool = reserve(2 * (size_t)count + 1);

	for (size_t i = 0; i < (size_t)count; i++)
		REQUIRE(mprotect(pool + (2 * i + 1) * PAGE, PAGE, ACCESS) == 0);
}

/* Objects lie at random places of a range, some of them one page apart, others far. */
static void place_at_random(long count)
{
	unsigned long long state = 1;
	char *range = reserve(16 * (size_t)count);

	for (long i = 0; i < count; i++) {
		state = state * 6364136223846793005ull + 1;
		REQUIRE(mprotect(range + (state >> 33) % (16 * (size_t)count) * PAGE, PAGE,
				 ACCESS) == 0);
	}
}

/* Memory is mapped into a reservation that is larger by a guard at each end. */
static void map_between_guards(long count)
{
	for (long i = 0; i < count; i++)
		map_at(reserve(34) + PAGE, 32, ACCESS, PRIVATE | MAP_FIXED, -1, 0);
}

/* Pieces of a shared heap are given back by mapping addresses without access over them. */
static void give_shared_back(long count)
{
	size_t pages = 2 * (size_t)count;
	char *heap = map_at(NULL, pages, ACCESS, MAP_SHARED, new_memory(pages), 0);

	for (size_t i = 0; i < pages; i += 2)
		map_at(heap + i * PAGE, 1, PROT_NONE, PRIVATE | MAP_FIXED | MAP_NORESERVE, -1, 0);
}

/* Pages are given back, and closed as well. */
static void close_given_back(long count)
{
	char *heap = map_pages(2 * (size_t)count);

	for (size_t i = 0; i < (size_t)count; i++) {
		REQUIRE(madvise(heap + 2 * i * PAGE, PAGE, MADV_DONTNEED) == 0);
		REQUIRE(mprotect(heap + 2 * i * PAGE, PAGE, PROT_NONE) == 0);
	}
}

/* Secrets, each in memory that even the kernel does not see; without such memory, in shared memory. */
static void keep_secret(long count)
{
	for (long i = 0; i < count; i++) {
		int fd = (int)syscall(SYS_memfd_secret, 0);

		if (fd < 0)
			fd = memfd_create("secret", MFD_CLOEXEC);
		REQUIRE(fd >= 0 && ftruncate(fd, (off_t)PAGE) == 0);
		map_at(NULL, 1, ACCESS, MAP_SHARED, fd, 0);
		close(fd);
	}
}

/* Caches that may be dropped lie among memory that may not. */
static void cache_results(long count)
{
	for (long i = 0; i < count; i++) {
		map_at(NULL, 2, ACCESS, MAP_ANONYMOUS | DROPPABLE, -1, 0);
		map_at(NULL, 1, ACCESS, PRIVATE, -1, 0);
	}
}

/*
 * Pages that differ in execution only. Read-only pages are made among them, which cuts them from what they
 * have merged with, but only a few of these are kept.
 */
static void run_frames(long count)
{
	for (long i = 0; i < count; i++) {
		char *tile;

		map_at(NULL, 1, ACCESS, PRIVATE, -1, 0);
		tile = map_pages(2);
		REQUIRE(mprotect(tile + PAGE, PAGE, PROT_READ) == 0);
		if (i % 40)
			REQUIRE(munmap(tile, 2 * PAGE) == 0);
		map_at(NULL, 1, ACCESS | PROT_EXEC, PRIVATE, -1, 0);
	}
}

static void map_shared(long count)
{
	for (long i = 0; i < count; i++)
		map_at(NULL, 1, ACCESS, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
}

/* Code that is opened, changed and closed again page by page: it is accounted for from then on. */
static void mend_code(long count)
{
	char *code = mmap(NULL, 2 * (size_t)count * PAGE, PROT_READ | PROT_EXEC,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	for (long i = 0; i < count; i++) {
		char *at = code + 2 * (size_t)i * PAGE;

		REQUIRE(mprotect(at, PAGE, PROT_READ | PROT_WRITE) == 0);
		*at = 1;
		REQUIRE(mprotect(at, PAGE, PROT_READ | PROT_EXEC) == 0);
	}
}

static void advise_pieces(long count)
{
	char *at = map_pages(2 * (size_t)count);

	for (size_t i = 0; i < (size_t)count; i++)
		REQUIRE(madvise(at + 2 * i * PAGE, PAGE, MADV_DONTDUMP) == 0);
}

static void guard_pages(long count)
{
	for (long i = 0; i < count; i++)
		REQUIRE(mprotect(map_pages(16), PAGE, PROT_NONE) == 0);
}

static void four_ways(long count)
{
	look_up(5 * count / 10);
	guard_pages(2 * count / 10);
	advise_pieces(count / 10);
	map_shared(count / 10);
}

static const struct target_way ways[] = {
	{ "look-up", look_up },
	{ "map-images", map_images },
	{ "map-modules", map_modules },
	{ "map-code", map_code },
	{ "load-from-memory", load_from_memory },
	{ "patch-code", patch_code },
	{ "mend-code", mend_code },
	{ "give-code-back", give_code_back },
	{ "open-slots", open_slots },
	{ "place-at-random", place_at_random },
	{ "map-between-guards", map_between_guards },
	{ "give-shared-back", give_shared_back },
	{ "close-given-back", close_given_back },
	{ "keep-secret", keep_secret },
	{ "cache-results", cache_results },
	{ "run-frames", run_frames },
	{ "four-ways", four_ways },
};

int main(int argc, char **argv)
{
	return run_way(ways, sizeof(ways) / sizeof(*ways), argc, argv, FOREVER);
}
