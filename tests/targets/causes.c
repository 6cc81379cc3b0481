/* SPDX-License-Identifier: MIT */
/*
 * Ways to use up maps, one for each first argument, of which what was called tells the cause and not
 * the shape that is left: who mapped, who cut, what was given back. The second one is how often.
 */
#include <fcntl.h>
#include <pthread.h>
#include <sys/syscall.h>

#include "target.h"

#define HUGE	(2ul << 20)
#define FOREVER 4000l

static long raw(long number, long a, long b, long c, long d)
{
	register long r10 __asm__("r10") = d;
	register long r8 __asm__("r8") = -1;
	register long r9 __asm__("r9") = 0;
	long ret;

	__asm__ volatile("syscall" : "=a"(ret)
			 : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
			 : "rcx", "r11", "memory");
	return ret;
}

/* Past libc, as runtimes with system calls of their own do. */
static void advise_unseen(long count)
{
	char *heap = (char *)raw(SYS_mmap, 0, (count + 1) * (long)HUGE, PROT_READ | PROT_WRITE,
				 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE);

	REQUIRE((long)heap > 0);
	heap = (char *)(((size_t)heap + HUGE - 1) & ~(HUGE - 1));
	for (long i = 0; i < count; i += 2)
		REQUIRE(raw(SYS_madvise, (long)(heap + (size_t)i * HUGE), HUGE, MADV_NOHUGEPAGE, 0) == 0);
}

/* Up to the limit, and far beyond: each call fails from then on. A thread fails as well. */
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

static const struct {
	const char *name;
	void (*run)(long count);
} ways[] = {
	{ "advise-unseen", advise_unseen },
	{ "read-chunks", read_chunks },
};

int main(int argc, char **argv)
{
	for (size_t i = 0; argc > 1 && i < sizeof(ways) / sizeof(*ways); i++) {
		if (strcmp(argv[1], ways[i].name))
			continue;
		ways[i].run(argument(argc, argv, 2, FOREVER));
		return 0;
	}
	fprintf(stderr, "causes WAY [COUNT]\n");
	return 2;
}
