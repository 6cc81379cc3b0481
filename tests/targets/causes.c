/* SPDX-License-Identifier: MIT */
/*
 * Ways to use up maps, one for each first argument. Their cause is seen from the calls (who mapped,
 * who cut, what was given back) and not from the shape of the remaining maps. The second argument
 * says how often.
 */
#include <fcntl.h>
#include <linux/io_uring.h>
#include <linux/memfd.h>
#include <linux/userfaultfd.h>
#include <malloc.h>
#include <pthread.h>
#include <stdbool.h>
#include <sys/ioctl.h>
#include <sys/shm.h>
#include <sys/syscall.h>

#include "target.h"

#define HUGE    (2ul << 20)
#define FOREVER 4000l

static long raw(long number, long a, long b, long c, long d)
{
	register long r10 __asm__("r10") = d;
	register long r8 __asm__("r8") = -1;
	register long r9 __asm__("r9") = 0;
	long ret;

	__asm__ volatile("syscall"
			 : "=a"(ret)
			 : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
			 : "rcx", "r11", "memory");
	return ret;
}

/* Make the call without libc, as runtimes with system calls of their own do. */
static void advise_unseen(long count)
{
	char *heap = (char *)raw(SYS_mmap, 0, (count + 1) * (long)HUGE, PROT_READ | PROT_WRITE,
				 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE);

	REQUIRE((long)heap > 0);
	heap = (char *)(((size_t)heap + HUGE - 1) & ~(HUGE - 1));
	for (long i = 0; i < count; i += 2)
		REQUIRE(raw(SYS_madvise, (long)(heap + (size_t)i * HUGE), HUGE, MADV_NOHUGEPAGE,
			    0) == 0);
}

/*
 * Go up to the limit and far beyond: from then on each call fails, and so does starting a thread.
 */
static void *nothing(void *unused)
{
	return unused;
}

static void read_chunks(long count)
{
	int fd = memfd_create("field", MFD_CLOEXEC);
	pthread_t thread;

	REQUIRE(fd >= 0 && ftruncate(fd, 2 * count * (long)PAGE) == 0);
	for (long i = 0; i < count; i++)
		mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd, 2 * i * (long)PAGE);
	REQUIRE(pthread_create(&thread, NULL, nothing, NULL) == EAGAIN);
}

static int new_file(long pages)
{
	int fd = memfd_create("pieces", MFD_CLOEXEC);

	REQUIRE(fd >= 0 && ftruncate(fd, pages * (long)PAGE) == 0);
	return fd;
}

static char *map_file(long pages, int prot, int flags)
{
	int fd = new_file(pages);
	char *at = mmap(NULL, (size_t)pages * PAGE, prot, flags, fd, 0);

	REQUIRE(at != MAP_FAILED && close(fd) == 0);
	return at;
}

/* Each ring is mapped twice, one map behind the other, and never unmapped. */
static void rings(long count)
{
	for (long i = 0; i < count; i++) {
		int fd = new_file(4);
		char *at = mmap(NULL, 8 * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		REQUIRE(at != MAP_FAILED);
		for (size_t half = 0; half < 2; half++)
			REQUIRE(mmap(at + half * 4 * PAGE, 4 * PAGE, PROT_READ | PROT_WRITE,
				     MAP_SHARED | MAP_FIXED, fd, 0) != MAP_FAILED);
		REQUIRE(close(fd) == 0);
	}
}

/* A private map of a file is made writable piece by piece. */
static void dirty_pages(long count)
{
	char *at = map_file(2 * count, PROT_READ, MAP_PRIVATE);

	for (long i = 0; i < count; i++)
		REQUIRE(mprotect(at + 2 * (size_t)i * PAGE, PAGE, PROT_READ | PROT_WRITE) == 0);
}

/* The memory of an emulator, shared with its device thread: some pages are watched for writes. */
static void watch_pages(long count)
{
	char *at = map_file(2 * count, PROT_READ | PROT_WRITE, MAP_SHARED);

	for (long i = 0; i < count; i++)
		REQUIRE(mprotect(at + 2 * (size_t)i * PAGE, PAGE, PROT_READ) == 0);
}

/* Anonymous memory is mapped over pages of a file. */
static void overlay(long count)
{
	char *at = map_file(2 * count, PROT_READ, MAP_PRIVATE);

	for (long i = 0; i < count; i++)
		REQUIRE(mmap(at + (2 * (size_t)i + 1) * PAGE, PAGE, PROT_READ | PROT_WRITE,
			     MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) != MAP_FAILED);
}

/* The pages of a file are mapped in another order. */
static void reorder(long count)
{
	char *at = map_file(2 * count, PROT_READ, MAP_SHARED);

	for (long i = 0; i < count; i++)
		REQUIRE(syscall(SYS_remap_file_pages, at + 2 * (size_t)i * PAGE, PAGE, 0,
				(2 * (size_t)i + 7) % (2 * (size_t)count), 0) == 0);
}

static bool has_others(void)
{
	char text[4096], *threads;
	int fd = open("/proc/self/status", O_RDONLY | O_CLOEXEC);
	ssize_t n = read(fd, text, sizeof(text) - 1);

	REQUIRE(n > 0 && close(fd) == 0);
	text[n] = '\0';
	threads = strstr(text, "Threads:");
	return threads && strtol(threads + 8, NULL, 10) > 1;
}

/* Threads end at once, and are neither joined nor detached. */
static void unjoined(long count)
{
	pthread_t thread;

	for (long i = 0; i < count; i++)
		REQUIRE(pthread_create(&thread, NULL, nothing, NULL) == 0);
	while (has_others())
		usleep(1000);
}

/* Threads wait until the program ends. */
static void *wait_for_end(void *lock)
{
	pthread_mutex_lock(lock);
	pthread_mutex_unlock(lock);
	return NULL;
}

static void threads(long count)
{
	static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
	pthread_t thread;

	pthread_mutex_lock(&lock);
	for (long i = 0; i < count; i++)
		REQUIRE(pthread_create(&thread, NULL, wait_for_end, &lock) == 0);
}

/*
 * Code in blocks of malloc, which are made executable, and freed without being made writable again.
 */
static void code_in_heap(long count)
{
	for (long i = 0; i < count; i++) {
		void *code = aligned_alloc(PAGE, PAGE);

		REQUIRE(code && mprotect(code, PAGE, PROT_READ | PROT_WRITE | PROT_EXEC) == 0);
		free(code);
		REQUIRE(malloc(5000 + (size_t)i % 3000));
	}
}

/* Every other piece of a range is registered with a userfaultfd. */
static void islands(long count)
{
	struct uffdio_api api = { .api = UFFD_API };
	int fd = (int)syscall(SYS_userfaultfd, O_CLOEXEC | UFFD_USER_MODE_ONLY);
	char *at = map_pages(2 * (size_t)count);

	REQUIRE(fd >= 0 && ioctl(fd, UFFDIO_API, &api) == 0);
	for (long i = 0; i < count; i++) {
		struct uffdio_register piece = {
			.range = { (size_t)at + 2 * (size_t)i * PAGE, PAGE },
			.mode = UFFDIO_REGISTER_MODE_MISSING,
		};

		REQUIRE(ioctl(fd, UFFDIO_REGISTER, &piece) == 0);
	}
}

/* So much memory is reserved that the addresses run out before the maps do. */
static void reserve_much(long gigabytes)
{
	char *at;

	while ((at = mmap(NULL, (size_t)gigabytes << 30, PROT_NONE,
			  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0)) != MAP_FAILED)
		REQUIRE(mprotect(at, 16 * PAGE, PROT_READ | PROT_WRITE) == 0);
}

/* One arena of malloc, used by one thread, grows by many heaps. */
static void *grow_one_arena(void *count)
{
	for (long i = 0; i < (long)count; i++)
		REQUIRE(malloc(20 << 20));
	return NULL;
}

static void one_arena(long count)
{
	pthread_t thread;

	mallopt(M_MMAP_THRESHOLD, 32 << 20);
	REQUIRE(pthread_create(&thread, NULL, grow_one_arena, (void *)count) == 0);
	pthread_join(thread, NULL);
}

/* Each call makes a map that touches no other, and none is given back. */
static void hoard(long count)
{
	for (long i = 0; i < count; i++)
		REQUIRE(mmap(NULL, PAGE, i & 1 ? PROT_READ : PROT_READ | PROT_WRITE,
			     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) != MAP_FAILED);
}

/* Most of these maps have no pattern; a few are guards. */
static void hoard_and_guard(long count)
{
	char *at = map_pages(2 * (size_t)count / 10);

	hoard(count);
	for (long i = 0; i < count / 10; i++)
		REQUIRE(mprotect(at + 2 * (size_t)i * PAGE, PAGE, PROT_NONE) == 0);
}

/* The same, but each map is given back. */
static void use(long count)
{
	for (long i = 0; i < count; i++)
		REQUIRE(munmap(map_file(1, PROT_READ, MAP_PRIVATE), PAGE) == 0);
}

/* A ring is made for each request, and left open. */
static void requests(long count)
{
	for (long i = 0; i < count; i++) {
		struct io_uring_params parameters = { .flags = 0 };
		int fd = (int)syscall(SYS_io_uring_setup, 4, &parameters);

		REQUIRE(fd >= 0 && mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd,
					IORING_OFF_SQ_RING) != MAP_FAILED);
		REQUIRE(close(fd) == 0);
	}
}

/* Each object is a file of huge pages. */
static void huge_objects(long count)
{
	for (long i = 0; i < count; i++) {
		int fd = memfd_create("object", MFD_CLOEXEC | MFD_HUGETLB);

		REQUIRE(fd >= 0 && ftruncate(fd, (long)HUGE) == 0);
		REQUIRE(mmap(NULL, HUGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE, fd,
			     0) != MAP_FAILED);
		REQUIRE(close(fd) == 0);
	}
}

/* Pages of a mapped file are given back by munmap. */
static void punch_file(long count)
{
	char *at = map_file(2 * count, PROT_READ, MAP_SHARED);

	for (long i = 0; i < count; i++)
		REQUIRE(munmap(at + 2 * (size_t)i * PAGE, PAGE) == 0);
}

/* Private maps of a file are put over pages of its shared map. */
static void copy_over(long count)
{
	int fd = new_file(2 * count);
	char *at = mmap(NULL, 2 * (size_t)count * PAGE, PROT_READ, MAP_SHARED, fd, 0);

	REQUIRE(at != MAP_FAILED);
	for (long i = 0; i < count; i++)
		REQUIRE(mmap(at + (2 * (size_t)i + 1) * PAGE, PAGE, PROT_READ | PROT_WRITE,
			     MAP_PRIVATE | MAP_FIXED, fd, (2 * i + 1) * (long)PAGE) != MAP_FAILED);
}

/* Pieces are moved, which is the mark of no known pattern. */
static void move_pieces(long count)
{
	char *from = map_pages(2 * (size_t)count);
	char *to = mmap(NULL, 4 * (size_t)count * PAGE, PROT_NONE,
			MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	REQUIRE(to != MAP_FAILED);
	for (long i = 0; i < count; i++)
		REQUIRE(mremap(from + 2 * (size_t)i * PAGE, PAGE, PAGE,
			       MREMAP_MAYMOVE | MREMAP_FIXED,
			       to + 4 * (size_t)i * PAGE) != MAP_FAILED);
}

/* Advice is given for pieces of a file's map. */
static void advise_file(long count)
{
	char *at = map_file(2 * count, PROT_READ, MAP_SHARED);

	for (long i = 0; i < count; i++)
		REQUIRE(madvise(at + 2 * (size_t)i * PAGE, PAGE, MADV_RANDOM) == 0);
}

static char *map_nothing(size_t size)
{
	char *at = mmap(NULL, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	REQUIRE(at != MAP_FAILED);
	return at;
}

/* In a large range of reserved addresses a part of each region is in use; nothing is given back. */
static void commit_regions(long count)
{
	char *cage = map_nothing((size_t)count * 64 * PAGE);

	for (long i = 0; i < count; i++)
		REQUIRE(mprotect(cage + (size_t)i * 64 * PAGE, 32 * PAGE, PROT_READ | PROT_WRITE) ==
			0);
}

/* The same, but all of the range was in use first, and a part of each region is given back. */
static void decommit_regions(long count)
{
	char *cage = map_nothing((size_t)count * 64 * PAGE);

	for (long i = 0; i < count; i++)
		REQUIRE(mprotect(cage + (size_t)i * 64 * PAGE, 64 * PAGE, PROT_READ | PROT_WRITE) ==
			0);
	for (long i = 0; i < count; i++)
		REQUIRE(mprotect(cage + (size_t)i * 64 * PAGE, 32 * PAGE, PROT_NONE) == 0);
}

static void attach_again(long count)
{
	int id = shmget(IPC_PRIVATE, PAGE, IPC_CREAT | 0600);

	REQUIRE(id >= 0);
	for (long i = 0; i < count; i++)
		REQUIRE(shmat(id, NULL, 0) != MAP_FAILED);
	REQUIRE(shmctl(id, IPC_RMID, NULL) == 0);
}

/* Each object is written once, then protected; nobody waits for writes. */
static void seal_objects(long count)
{
	for (long i = 0; i < count; i++) {
		REQUIRE(mprotect(map_pages(1), PAGE, PROT_READ) == 0);
		map_pages(1);
	}
}

/* Each function is a map of its own, with its data in the next map. */
static void compile_each(long count)
{
	for (long i = 0; i < count; i++) {
		REQUIRE(mprotect(map_pages(1), PAGE, PROT_READ | PROT_EXEC) == 0);
		map_pages(1);
	}
}

/* Blocks of malloc that are maps of their own; every second one is freed. */
static void free_blocks(long count)
{
	void **block = malloc(2 * (size_t)count * sizeof(*block));

	REQUIRE(block && mallopt(M_MMAP_THRESHOLD, PAGE) == 1);
	for (long i = 0; i < 2 * count; i++) {
		block[i] = malloc(2 * PAGE);
		REQUIRE(block[i]);
	}
	for (long i = 0; i < 2 * count; i += 2)
		free(block[i]);
}

/*
 * Arrays grow: memory that was written to does not merge with its neighbours once it has been
 * moved.
 */
static void grow_arrays(long count)
{
	for (long i = 0; i < count; i++) {
		char *array = map_pages(1);

		*array = 1;
		map_pages(1);
		array = mremap(array, PAGE, 3 * PAGE, MREMAP_MAYMOVE);
		REQUIRE(array != MAP_FAILED);
		*array = 1;
	}
}

static void keep_from_children(long count)
{
	char *at = map_pages(2 * (size_t)count);

	for (long i = 0; i < count; i++)
		REQUIRE(madvise(at + 2 * (size_t)i * PAGE, PAGE, MADV_DONTFORK) == 0);
}

static const struct target_way ways[] = {
	{ "advise-unseen", advise_unseen },
	{ "read-chunks", read_chunks },
	{ "rings", rings },
	{ "dirty-pages", dirty_pages },
	{ "watch-pages", watch_pages },
	{ "overlay", overlay },
	{ "reorder", reorder },
	{ "unjoined", unjoined },
	{ "threads", threads },
	{ "code-in-heap", code_in_heap },
	{ "islands", islands },
	{ "reserve", reserve_much },
	{ "one-arena", one_arena },
	{ "advise-file", advise_file },
	{ "requests", requests },
	{ "huge-objects", huge_objects },
	{ "punch-file", punch_file },
	{ "copy-over", copy_over },
	{ "move-pieces", move_pieces },
	{ "hoard", hoard },
	{ "hoard-and-guard", hoard_and_guard },
	{ "use", use },
	{ "commit-regions", commit_regions },
	{ "decommit-regions", decommit_regions },
	{ "attach-again", attach_again },
	{ "seal-objects", seal_objects },
	{ "compile-each", compile_each },
	{ "free-blocks", free_blocks },
	{ "grow-arrays", grow_arrays },
	{ "keep-from-children", keep_from_children },
};

int main(int argc, char **argv)
{
	return run_way(ways, sizeof(ways) / sizeof(*ways), argc, argv, FOREVER);
}
