/* SPDX-License-Identifier: MIT */
/*
 * Shared by the target programs. A target is an ordinary program that shows one behaviour; it is
 * run plain and traced, and must print the same both times. So it prints nothing that depends on
 * time, addresses or pids, unless TARGET_RATE is set. A target knows nothing of vmatrace, and
 * includes none of its headers.
 */
#ifndef TARGET_H
#define TARGET_H

#include <errno.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#define PAGE ((size_t)4096)

/* Unless ok holds, print what went wrong, and end the program. */
#define REQUIRE(ok)                                                                 \
	do {                                                                        \
		if (!(ok)) {                                                        \
			fprintf(stderr, "%s:%d: %s: %s\n", __FILE__, __LINE__, #ok, \
				strerror(errno));                                   \
			exit(3);                                                    \
		}                                                                   \
	} while (0)

static inline void *map_pages(size_t pages)
{
	void *at = mmap(NULL, pages * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
			0);

	REQUIRE(at != MAP_FAILED);
	return at;
}

/* Map, cut in the middle, write, and unmap: four calls, which leave nothing behind. */
static inline void map_and_cut(void)
{
	char *at = map_pages(3);

	REQUIRE(mprotect(at + PAGE, PAGE, PROT_READ) == 0);
	at[0] = 1;
	at[2 * PAGE] = 1;
	REQUIRE(munmap(at + PAGE, PAGE) == 0);
	REQUIRE(munmap(at, 3 * PAGE) == 0);
}

/* What a thread does until *finished, an atomic_int, is not 0. */
static inline void *map_until(void *finished)
{
	while (!atomic_load((atomic_int *)finished))
		map_and_cut();
	return NULL;
}

static inline double seconds_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static inline long argument(int argc, char **argv, int index, long otherwise)
{
	return argc > index ? strtol(argv[index], NULL, 10) : otherwise;
}

/* Something that a target does `count` times, chosen by its first argument. */
struct target_way {
	const char *name;
	void (*run)(long count);
};

/*
 * Do what the first argument names, as often as the second says, or `otherwise` times. Returns the
 * status to end with.
 */
static inline int run_way(const struct target_way *ways, size_t count, int argc, char **argv,
			  long otherwise)
{
	for (size_t i = 0; argc > 1 && i < count; i++) {
		if (strcmp(argv[1], ways[i].name))
			continue;
		ways[i].run(argument(argc, argv, 2, otherwise));
		return 0;
	}
	fprintf(stderr, "%s WAY [COUNT]\n", argv[0]);
	return 2;
}

/* Print a figure that differs from run to run, if the caller asks for such figures. */
static inline void print_rate(const char *what, double per_second)
{
	if (getenv("TARGET_RATE"))
		printf("rate %s %.0f\n", what, per_second);
}

#endif
