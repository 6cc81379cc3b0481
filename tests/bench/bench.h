/* SPDX-License-Identifier: MIT */
/*
 * What the two halves of the benchmark program share. A measurement prepares what it needs, and
 * then times its rounds itself, so that no preparation is ever measured.
 */
#ifndef BENCH_H
#define BENCH_H

#include <stddef.h>
#include <time.h>

#define PAGE ((size_t)4096)

struct bench {
	const char *name;
	/* Returns the nanoseconds that all rounds took; n: what the name of the measurement says */
	double (*run)(long rounds, long n);
};

/*
 * Nanoseconds of a clock: of the process's own processor time where one thread does it all, which
 * others on the machine disturb least; of CLOCK_MONOTONIC where something is waited for.
 */
#define BENCH_OWN CLOCK_PROCESS_CPUTIME_ID
double bench_now(clockid_t clock);

/* The processor's nanoseconds for all rounds, where a measurement tells them besides; 0 = none. */
extern double bench_processor_ns;

/* Ends the program where memory cannot be had: a measurement must not measure failures. */
char *bench_map_page(void);
void bench_map_touch_unmap(long rounds);

/* Run it below `depth` more frames, as a program's own calls are. */
void bench_at_depth(int depth, long rounds, void (*run)(long rounds));

/* Call mmap and munmap, or mprotect, from the way-th of many different stacks. */
#define BENCH_PLACES 1000
void bench_map_by_way(long way);
void bench_protect_by_way(long way, char *at);

extern const struct bench bench_many[];
extern const size_t bench_many_count;

#endif
