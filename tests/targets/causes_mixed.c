/* SPDX-License-Identifier: MIT */
/*
 * Ways to use up maps, like those of causes.c, where the shape alone would mislead: maps that merge
 * with another kind of map first, that are given an attribute after they were made, or whose file
 * has been deleted. The second argument says how often.
 */
#include <dlfcn.h>
#include <fcntl.h>
#include <linux/memfd.h>
#include <pthread.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "target.h"

#define FOREVER 1000l
#define PRIVATE (MAP_PRIVATE | MAP_ANONYMOUS)

static pthread_barrier_t all_are_there;

/* Stacks that the kernel extends keep a distance from each other. */
static void grow_down(long count)
{
	for (long i = 0; i < count; i++) {
		char *stack = mmap(NULL, 16 * PAGE, PROT_READ | PROT_WRITE,
				   PRIVATE | MAP_STACK | MAP_GROWSDOWN, -1, 0);

		REQUIRE(stack != MAP_FAILED);
		stack[16 * PAGE - 1] = 1;
	}
}

/* Every other page of a file's map shows another page of the same file. */
static void move_views(long count)
{
	size_t pages = 2 * (size_t)count;
	int fd = memfd_create("heap", MFD_CLOEXEC);
	char *at;

	REQUIRE(fd >= 0 && ftruncate(fd, (off_t)(pages * PAGE)) == 0);
	at = mmap(NULL, pages * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	REQUIRE(at != MAP_FAILED);
	for (size_t i = 0; i < pages; i += 2)
		REQUIRE(mmap(at + i * PAGE, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED,
			     fd, (off_t)((pages - 1 - i) * PAGE)) == at + i * PAGE);
}

/* A compiler maps its code where jumps reach it, not where the kernel would put it. */
static void scatter_code(long count)
{
	for (size_t i = 0; i < (size_t)count; i++) {
		char *code = mmap((char *)0x200000000ul + i * 48 * PAGE, 16 * PAGE,
				  PROT_READ | PROT_WRITE, PRIVATE, -1, 0);

		REQUIRE(code != MAP_FAILED);
		*code = 1;
		REQUIRE(mprotect(code, 16 * PAGE, PROT_READ | PROT_EXEC) == 0);
	}
}

/* Buffers lie where they were asked for, apart from each other: no collector's. */
static void scatter_data(long count)
{
	for (size_t i = 0; i < (size_t)count; i++)
		REQUIRE(mmap((char *)0x200000000ul + i * 48 * PAGE, 3 * PAGE,
			     PROT_READ | PROT_WRITE, PRIVATE, -1, 0) != MAP_FAILED);
}

static void *use_signal_stack(void *unused)
{
	char *at = map_pages(16);
	stack_t stack = { .ss_sp = at + PAGE, .ss_size = 15 * PAGE };

	REQUIRE(mprotect(at, PAGE, PROT_NONE) == 0);
	REQUIRE(sigaltstack(&stack, NULL) == 0);
	pthread_barrier_wait(&all_are_there);
	pause();
	return unused;
}

/* Each thread has a guarded stack for signals, which lies between two threads' own stacks. */
static void signal_stacks(long count)
{
	pthread_attr_t attributes;
	pthread_t thread;

	REQUIRE(pthread_attr_init(&attributes) == 0);
	REQUIRE(pthread_attr_setstacksize(&attributes, 16 * PAGE) == 0);
	REQUIRE(pthread_barrier_init(&all_are_there, NULL, (unsigned)count + 1) == 0);
	for (long i = 0; i < count; i++)
		REQUIRE(pthread_create(&thread, &attributes, use_signal_stack, NULL) == 0);
	pthread_barrier_wait(&all_are_there);
}

/* Everybody opens the same file anew, and none of the maps is ever unmapped. */
static void open_again(long count)
{
	int fd = open("again", O_RDWR | O_CREAT | O_CLOEXEC, 0600);

	REQUIRE(fd >= 0 && ftruncate(fd, 4 * (off_t)PAGE) == 0 && unlink("again") == 0);
	for (long i = 0; i < count; i++)
		REQUIRE(mmap(NULL, 4 * PAGE, PROT_READ, MAP_SHARED, fd, 0) != MAP_FAILED);
}

static void delete_each(long count)
{
	for (long i = 0; i < count; i++) {
		int fd = open("segment", O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

		REQUIRE(fd >= 0 && ftruncate(fd, (off_t)PAGE) == 0 && unlink("segment") == 0);
		REQUIRE(mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd, 0) != MAP_FAILED);
		close(fd);
	}
}

/* Neighbours have different policies, so mmap makes each of them a map of its own. */
static void bind_each(long count)
{
	const unsigned long node = 1;

	for (long i = 0; i < count; i++)
		REQUIRE(syscall(SYS_mbind, map_pages(4), 4 * PAGE, 2 + i % 2, &node, 64, 0) == 0);
}

#define PIECE (4 * PAGE)

static char *reserve_pieces(long count)
{
	char *at = mmap(NULL, (size_t)count * PIECE, PROT_NONE, PRIVATE | MAP_NORESERVE, -1, 0);

	REQUIRE(at != MAP_FAILED);
	return at;
}

static void commit_piece(char *at)
{
	REQUIRE(mprotect(at, PIECE, PROT_READ | PROT_WRITE) == 0);
}

/* A range that is committed piece by piece; each piece has another policy than the one before. */
static void bind_committed(long count)
{
	const unsigned long node = 1;
	char *at = reserve_pieces(count);

	for (long i = 0; i < count; i++, at += PIECE) {
		commit_piece(at);
		REQUIRE(syscall(SYS_mbind, at, PIECE, 2 + i % 2, &node, 64, 0) == 0);
	}
}

static void advise_committed(long count)
{
	char *at = reserve_pieces(count);

	for (long i = 0; i < count; i++, at += PIECE) {
		commit_piece(at);
		REQUIRE(madvise(at, PIECE, i % 2 ? MADV_RANDOM : MADV_SEQUENTIAL) == 0);
	}
}

static void lock_committed(long count)
{
	char *at = reserve_pieces(count);

	for (long i = 0; i < count; i++, at += PIECE) {
		commit_piece(at);
		REQUIRE(mlock2(at, PIECE, i % 2 ? MLOCK_ONFAULT : 0) == 0);
	}
}

/* Only every second one is advised, and none differs from both neighbours. */
static void advise_every_other(long count)
{
	char *at = reserve_pieces(count);

	for (long i = 0; i < count; i++, at += PIECE) {
		commit_piece(at);
		if (i % 2)
			REQUIRE(madvise(at, PIECE, MADV_DONTDUMP) == 0);
	}
}

/* Reservations as large, and at such addresses, as the heaps of glibc's arenas. */
static void reserve_aligned(long count)
{
	const size_t size = (size_t)64 << 20;

	for (long i = 0; i < count; i++) {
		char *wide = mmap(NULL, 2 * size, PROT_NONE, PRIVATE | MAP_NORESERVE, -1, 0), *at;

		REQUIRE(wide != MAP_FAILED);
		at = wide + (size - (uintptr_t)wide % size) % size;
		REQUIRE((at == wide || munmap(wide, (size_t)(at - wide)) == 0) &&
			munmap(at + size, (size_t)(wide + size - at)) == 0);
		REQUIRE(mprotect(at, (size_t)(i % 9 + 1) * 16 * PAGE, PROT_READ | PROT_WRITE) == 0);
	}
}

/* What is left closed of these is no guard. */
static void reserve_each(long count)
{
	for (long i = 0; i < count; i++) {
		char *at = mmap(NULL, (size_t)4 << 20, PROT_NONE, PRIVATE | MAP_NORESERVE, -1, 0);

		REQUIRE(at != MAP_FAILED);
		REQUIRE(mprotect(at, (size_t)(i % 9 + 1) * 16 * PAGE, PROT_READ | PROT_WRITE) == 0);
	}
}

/* Every second piece is locked, and then left out of dumps: either alone keeps it apart. */
static void lock_and_hide(long count)
{
	char *at = mmap(NULL, (size_t)count * 4 * PAGE, PROT_READ | PROT_WRITE, PRIVATE, -1, 0);

	REQUIRE(at != MAP_FAILED);
	for (long i = 0; i < count / 2; i++) {
		char *piece = at + (2 * i + 1) * 4 * (long)PAGE;

		REQUIRE(mlock(piece, 4 * PAGE) == 0);
		REQUIRE(madvise(piece, 4 * PAGE, MADV_DONTDUMP) == 0);
	}
}

static void copy_file(const char *from, const char *to)
{
	static char bytes[1 << 16];
	int in = open(from, O_RDONLY | O_CLOEXEC);
	int out = open(to, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0700);
	ssize_t n;

	REQUIRE(in >= 0 && out >= 0);
	while ((n = read(in, bytes, sizeof(bytes))) > 0)
		REQUIRE(write(out, bytes, (size_t)n) == n);
	REQUIRE(n == 0);
	close(in);
	close(out);
}

static void protect_every_other(char *at, long count, int prot)
{
	REQUIRE(at != MAP_FAILED);
	for (long i = 0; i < count; i++)
		REQUIRE(mprotect(at + (2 * i + 1) * (long)PAGE, PAGE, prot) == 0);
}

/* An image of memory, as Lisp has it, is a file with code that is mapped, and no library. */
static void run_image(long count)
{
	size_t size = (2 * (size_t)count + 1) * PAGE;
	int fd = open("image", O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	char *memory, *image;

	REQUIRE(fd >= 0 && ftruncate(fd, (off_t)(size + PAGE)) == 0);
	memory = mmap(NULL, size, PROT_READ | PROT_WRITE, PRIVATE, -1, 0);
	image = mmap(NULL, size, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE, fd, (off_t)PAGE);
	protect_every_other(memory, count, PROT_READ);
	protect_every_other(image, count, PROT_READ | PROT_EXEC);
	close(fd);
}

static void load_plugins(long count)
{
	char name[64];

	for (long i = 0; i < count; i++) {
		snprintf(name, sizeof(name), "./plugin%ld.so", i);
		copy_file("/usr/lib/x86_64-linux-gnu/libutil.so.1", name);
		REQUIRE(dlopen(name, RTLD_NOW));
	}
}

static const struct target_way ways[] = {
	{ "grow-down", grow_down },
	{ "move-views", move_views },
	{ "scatter-code", scatter_code },
	{ "scatter-data", scatter_data },
	{ "signal-stacks", signal_stacks },
	{ "open-again", open_again },
	{ "delete-each", delete_each },
	{ "bind-each", bind_each },
	{ "load-plugins", load_plugins },
	{ "run-image", run_image },
	{ "bind-committed", bind_committed },
	{ "advise-committed", advise_committed },
	{ "lock-committed", lock_committed },
	{ "reserve-aligned", reserve_aligned },
	{ "reserve-each", reserve_each },
	{ "lock-and-hide", lock_and_hide },
	{ "advise-every-other", advise_every_other },
};

int main(int argc, char **argv)
{
	return run_way(ways, sizeof(ways) / sizeof(*ways), argc, argv, FOREVER);
}
