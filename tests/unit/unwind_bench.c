/* SPDX-License-Identifier: MIT */
/*
 * What a stack walk costs: the time per frame at a depth of 14, with and without the cache, beside
 * libgcc's; and how many bytes of stack it takes. A plain program, linked with the unwinder as a
 * library. Not a test: it prints figures and judges nothing.
 */
#include <execinfo.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "os/shim.h"
#include "unwind_known.h"

#define NOINLINE __attribute__((noinline, noclone))
#define DEPTH    14
#define BELOW    16384

static struct vmt_range stack_bounds;
static char cache_memory[65536] __attribute__((aligned(64)));

void vmt_bounds_forget(void);

void vmt_bounds_forget(void)
{
}

bool vmt_bounds_of(uint64_t sp, struct vmt_range *ret_bounds)
{
	*ret_bounds = stack_bounds;
	return vmt_range_has(stack_bounds, sp);
}

static void learn_bounds(void)
{
	pthread_attr_t attr;
	void *start;
	size_t len;

	pthread_getattr_np(pthread_self(), &attr);
	pthread_attr_getstack(&attr, &start, &len);
	pthread_attr_destroy(&attr);
	stack_bounds.start = (uint64_t)(uintptr_t)start;
	stack_bounds.end = stack_bounds.start + len;
}

static double now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec * 1e9 + (double)time.tv_nsec;
}

/* The best of some rounds counts: the others show what else the machine did. */
#define ROUNDS 20

NOINLINE static void time_ours(const char *name, int times)
{
	struct vmt_walk stack;
	struct vmt_regs regs;
	double each = 1e9;

	VMT_REGS_HERE(&regs);
	for (int round = 0; round < ROUNDS; round++) {
		double start = now();

		for (int i = 0; i < times; i++)
			vmt_unwind(&regs, &stack);
		start = (now() - start) / times;
		each = start < each ? start : each;
	}
	printf("%-12s %8.1f ns a walk, %6.2f ns a frame (%u frames, flags %u)\n", name, each,
	       each / stack.count, stack.count, stack.flags);
}

NOINLINE static void time_libgcc(int times)
{
	void *frames[VMT_FRAMES_MAX];
	int count = 0;
	double each = 1e9;

	for (int round = 0; round < ROUNDS; round++) {
		double start = now();

		for (int i = 0; i < times; i++)
			count = backtrace(frames, VMT_FRAMES_MAX);
		start = (now() - start) / times;
		each = start < each ? start : each;
	}
	printf("%-12s %8.1f ns a walk, %6.2f ns a frame (%d frames)\n", "backtrace()", each,
	       each / count, count);
}

/*
 * Fill the memory below the stack pointer with a pattern, walk, and find how much of it was
 * overwritten.
 */
NOINLINE static void measure_stack(const char *name)
{
	struct vmt_walk stack;
	struct vmt_regs regs;
	volatile char *sp;
	int untouched = 0;

	VMT_REGS_HERE(&regs);
	sp = (volatile char *)(uintptr_t)regs.sp;
	for (int i = 1; i <= BELOW; i++)
		sp[-i] = 0x5a;
	vmt_unwind(&regs, &stack);
	while (untouched < BELOW && sp[-BELOW + untouched] == 0x5a)
		untouched++;
	printf("%-12s %d bytes of stack\n", name, BELOW - untouched);
}

NOINLINE static void recurse(int depth)
{
	if (depth > 0) {
		recurse(depth - 1);
	} else {
		vmt_unwind_set_cache(NULL, 0);
		time_ours("uncached", 2000);
		measure_stack("uncached");
		vmt_unwind_set_cache(cache_memory, sizeof(cache_memory));
		time_ours("cached", 50000);
		measure_stack("cached");
		time_libgcc(2000);
	}
	__asm__ volatile("" ::: "memory");
}

int main(void)
{
	learn_bounds();
	know_modules();
	recurse(DEPTH - 5);
	return 0;
}
