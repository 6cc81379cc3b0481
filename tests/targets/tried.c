/* SPDX-License-Identifier: MIT */
/*
 * Ways to use up maps for which `vmatrace try` has remedies, one for each first argument, and one
 * that relies on a call that a remedy leaves out. Each checks the contents of its memory at the
 * end, so that a byte lost by a remedy would show.
 */
#include <dlfcn.h>
#include <malloc.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/syscall.h>

#include "target.h"

#define PIECES  400l
#define FIBER   16
#define THREADS 64

static unsigned long sum;

static void use(char *at, size_t size)
{
	for (size_t i = 0; i < size; i += PAGE)
		at[i] = (char)(sum + i / PAGE);
}

static void check_used(const char *at, size_t size)
{
	for (size_t i = 0; i < size; i += PAGE)
		sum = sum * 31 + (unsigned char)at[i];
}

/* Stacks with a guard; some guards are made accessible, written to, closed and opened again. */
static void guard(void)
{
	static char *stack[PIECES];

	for (long i = 0; i < PIECES; i++) {
		stack[i] = map_pages(FIBER);
		REQUIRE(mprotect(stack[i], PAGE, PROT_NONE) == 0);
		use(stack[i] + PAGE, (FIBER - 1) * PAGE);
	}
	for (long i = 0; i < PIECES; i += 40) {
		REQUIRE(mprotect(stack[i], PAGE, PROT_READ | PROT_WRITE) == 0);
		REQUIRE(!stack[i][0]);
		stack[i][1] = (char)i;
		REQUIRE(mprotect(stack[i], PAGE, PROT_NONE) == 0);
		REQUIRE(mprotect(stack[i], PAGE, PROT_READ) == 0);
		sum = sum * 31 + (unsigned char)stack[i][1];
		REQUIRE(mprotect(stack[i], PAGE, PROT_READ | PROT_WRITE) == 0);
	}
	for (long i = 0; i < PIECES; i++)
		check_used(stack[i] + PAGE, (FIBER - 1) * PAGE);
}

/*
 * Stacks that are mapped between guards, some of which are given back as further guards, and then
 * used again.
 */
static void between(void)
{
	static char *stack[PIECES];
	int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE;

	for (long i = 0; i < PIECES; i++) {
		char *at = mmap(NULL, (FIBER + 2) * PAGE, PROT_NONE, flags, -1, 0);

		REQUIRE(at != MAP_FAILED);
		stack[i] = at + PAGE;
		REQUIRE(mmap(stack[i], FIBER * PAGE, PROT_READ | PROT_WRITE, flags | MAP_FIXED, -1,
			     0) == stack[i]);
		use(stack[i], FIBER * PAGE);
	}
	for (long i = 0; i < PIECES; i += 2)
		REQUIRE(mmap(stack[i], FIBER * PAGE, PROT_NONE, flags | MAP_FIXED, -1, 0) ==
			stack[i]);
	for (long i = 0; i < PIECES; i++) {
		if (i % 10 == 0)
			REQUIRE(mprotect(stack[i], FIBER * PAGE, PROT_READ | PROT_WRITE) == 0);
		if (i % 2 || i % 10 == 0)
			check_used(stack[i], FIBER * PAGE);
		if (i % 20 == 0)
			REQUIRE(mmap(stack[i], FIBER * PAGE, PROT_READ | PROT_WRITE,
				     flags | MAP_FIXED, -1, 0) == stack[i]);
	}
}

static void *secret(void *unused)
{
	static void *(*make)(size_t);

	if (!make) {
		void *library = dlopen("libsodium.so.23", RTLD_NOW);
		int (*start)(void);

		REQUIRE(library);
		*(void **)&start = dlsym(library, "sodium_init");
		*(void **)&make = dlsym(library, "sodium_malloc");
		REQUIRE(start && make && start() >= 0);
	}
	return unused ? unused : make(100);
}

static void secrets(void)
{
	for (long i = 0; i < PIECES; i++) {
		char *at = secret(NULL);

		REQUIRE(at);
		*at = (char)i;
		sum = sum * 31 + (unsigned char)*at;
	}
}

static pthread_barrier_t barrier;

static void *allocate(void *unused)
{
	char *volatile kept = malloc(100000);

	REQUIRE(kept);
	kept[0] = 1;
	pthread_barrier_wait(&barrier);
	return unused;
}

static void arenas(void)
{
	pthread_t thread[THREADS];
	pthread_attr_t attributes;

	mallopt(M_ARENA_MAX, THREADS);
	pthread_barrier_init(&barrier, NULL, THREADS);
	pthread_attr_init(&attributes);
	pthread_attr_setstacksize(&attributes, 64 * 1024);
	pthread_attr_setguardsize(&attributes, 0);
	for (long i = 0; i < THREADS; i++)
		REQUIRE(pthread_create(&thread[i], &attributes, allocate, NULL) == 0);
	for (long i = 0; i < THREADS; i++)
		REQUIRE(pthread_join(thread[i], NULL) == 0);
}

static void *wait_for_ever(void *unused)
{
	pthread_barrier_wait(&barrier);
	pause();
	return unused;
}

static void threads(void)
{
	pthread_t thread;

	pthread_barrier_init(&barrier, NULL, THREADS + 1);
	for (long i = 0; i < THREADS; i++)
		REQUIRE(pthread_create(&thread, NULL, wait_for_ever, NULL) == 0);
	pthread_barrier_wait(&barrier);
}

/* A part of each region is given back; the memory beside it keeps its contents. */
static void decommit(void)
{
	size_t region = 64 * PAGE;
	char *at = mmap(NULL, PIECES * region, PROT_NONE,
			MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	REQUIRE(at != MAP_FAILED);
	for (long i = 0; i < PIECES; i++) {
		char *piece = at + (size_t)i * region;

		REQUIRE(mprotect(piece, region, PROT_READ | PROT_WRITE) == 0);
		use(piece, region);
		REQUIRE(mmap(piece, region / 2, PROT_NONE,
			     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1,
			     0) == piece);
	}
	for (long i = 0; i < PIECES; i++) {
		check_used(at + (size_t)i * region + region / 2, region / 2);
		if (i % 5)
			continue;
		REQUIRE(mprotect(at + (size_t)i * region, region / 2, PROT_READ | PROT_WRITE) == 0);
		check_used(at + (size_t)i * region, region / 2);
		REQUIRE(mprotect(at + (size_t)i * region, region / 2, PROT_NONE) == 0);
	}
}

/* Small blocks of a pool: each is given back and closed, in one order or the other. */
static void give_back(char *block, size_t size, bool is_closed_first)
{
	if (!is_closed_first)
		REQUIRE(madvise(block, size, MADV_DONTNEED) == 0);
	REQUIRE(mprotect(block, size, PROT_NONE) == 0);
	if (is_closed_first)
		REQUIRE(madvise(block, size, MADV_DONTNEED) == 0);
}

/* Half of each region is given back block by block; some of it is used again. */
static void give_back_blocks(bool is_closed_first)
{
	static const size_t blocks[] = { 1, 4, 2, 1 };
	size_t region = 16 * PAGE;
	char *at = map_pages(16 * PIECES);

	use(at, region * PIECES);
	for (size_t i = 0; i < PIECES; i++) {
		char *block = at + i * region;

		for (size_t j = 0; j < sizeof(blocks) / sizeof(*blocks); j++) {
			give_back(block, blocks[j] * PAGE, is_closed_first);
			block += blocks[j] * PAGE;
		}
		if (i % 40)
			continue;
		REQUIRE(mprotect(block - PAGE, PAGE, PROT_READ | PROT_WRITE) == 0);
		check_used(block - PAGE, PAGE);
		use(block - PAGE, PAGE);
	}
	for (size_t i = 0; i < PIECES; i++)
		check_used(at + i * region + region / 2 - (i % 40 ? 0 : PAGE), region / 2);
}

static bool is_closed(const char *at)
{
	return access(at, F_OK) < 0 && errno == EFAULT;
}

/* Calls that look like those of give_back(), but give nothing back, or not at that time. */
static void keep_closed(void)
{
	char *at = map_pages(16);

	REQUIRE(mprotect(at, PAGE, PROT_NONE) == 0); /* a guard */
	REQUIRE(is_closed(at));
	at += 2 * PAGE; /* given back, but used again before it is closed */
	REQUIRE(madvise(at, PAGE, MADV_DONTNEED) == 0);
	*at = 7;
	REQUIRE(mprotect(at, PAGE, PROT_NONE) == 0);
	REQUIRE(is_closed(at));
	REQUIRE(mprotect(at, PAGE, PROT_READ | PROT_WRITE) == 0);
	REQUIRE(*at == 7);
	at += 2 * PAGE; /* closed, and of another length than what is given back */
	REQUIRE(mprotect(at, 2 * PAGE, PROT_NONE) == 0);
	REQUIRE(madvise(at, PAGE, MADV_DONTNEED) == 0);
	REQUIRE(is_closed(at));
	at += 4 * PAGE; /* cannot be given back */
	REQUIRE(mlock(at, PAGE) == 0);
	REQUIRE(mprotect(at, PAGE, PROT_NONE) == 0);
	errno = 0;
	REQUIRE(madvise(at, PAGE, MADV_DONTNEED) < 0 && errno == EINVAL);
	REQUIRE(is_closed(at));
	at += 2 * PAGE; /* was never written, but is not accessible either */
	REQUIRE(mprotect(at, PAGE, PROT_READ) == 0);
	REQUIRE(mprotect(at, PAGE, PROT_NONE) == 0);
	REQUIRE(madvise(at, PAGE, MADV_DONTNEED) == 0);
	REQUIRE(is_closed(at));
}

static void given_closed(void)
{
	give_back_blocks(false);
	keep_closed();
}

static void closed_given(void)
{
	give_back_blocks(true);
	keep_closed();
}

/* As many, but none is given back. */
static void closed_only(void)
{
	char *at = map_pages(16 * PIECES);

	use(at, 16 * PIECES * PAGE);
	for (size_t i = 0; i < PIECES; i++) {
		REQUIRE(mprotect(at + 16 * i * PAGE, 4 * PAGE, PROT_NONE) == 0);
		REQUIRE(mprotect(at + (16 * i + 4) * PAGE, 4 * PAGE, PROT_NONE) == 0);
	}
}

static void punch(void)
{
	char *at = map_pages(2 * PIECES);

	use(at, 2 * PIECES * PAGE);
	for (long i = 0; i < PIECES; i++)
		REQUIRE(munmap(at + (size_t)(2 * i + 1) * PAGE, PAGE) == 0);
	for (long i = 0; i < PIECES; i++)
		check_used(at + (size_t)(2 * i) * PAGE, PAGE);
}

static void islands(void)
{
	char *at = map_pages(2 * PIECES), *other = map_pages(2 * PIECES);
	char *third = map_pages(2 * PIECES);
	unsigned long nodes = 1;

	for (long i = 0; i < PIECES; i++) {
		REQUIRE(madvise(at + (size_t)(2 * i) * PAGE, PAGE, MADV_DONTFORK) == 0);
		REQUIRE(mlock(other + (size_t)(2 * i) * PAGE, PAGE) == 0);
		REQUIRE(syscall(SYS_mbind, third + (size_t)(2 * i) * PAGE, PAGE, 2, &nodes, 64,
				0) == 0);
	}
	use(at, 2 * PIECES * PAGE);
	check_used(at, 2 * PIECES * PAGE);
}

/*
 * The program closes memory to be told by SIGSEGV of the next access. A remedy that leaves the
 * memory open is wrong here.
 */
static void on_fault(int number)
{
	static const char text[] = "touched\n";

	(void)number;
	_exit(write(1, text, sizeof(text) - 1) > 0 ? 3 : 4);
}

static void relies(void)
{
	size_t region = 64 * PAGE;
	char *at = map_pages(64 * PIECES);

	use(at, region * PIECES);
	for (long i = 0; i < PIECES; i++)
		REQUIRE(mprotect(at + (size_t)i * region, region / 2, PROT_NONE) == 0);
	signal(SIGSEGV, on_fault);
	at[0] = 1;
}

static const struct {
	const char *name;
	void (*run)(void);
} ways[] = {
	{ "guard", guard },
	{ "secrets", secrets },
	{ "arenas", arenas },
	{ "threads", threads },
	{ "decommit", decommit },
	{ "punch", punch },
	{ "islands", islands },
	{ "relies", relies },
	{ "between", between },
	{ "given-closed", given_closed },
	{ "closed-given", closed_given },
	{ "closed-only", closed_only },
};

int main(int argc, char **argv)
{
	for (size_t i = 0; argc > 1 && i < sizeof(ways) / sizeof(*ways); i++) {
		char line[64];

		if (strcmp(argv[1], ways[i].name))
			continue;
		ways[i].run();
		if (argc > 2 && fgets(line, sizeof(line), stdin))
			fputs(line, stdout);
		printf("%lu\n", sum);
		return 0;
	}
	fprintf(stderr, "tried WAY [READ]\n");
	return 2;
}
