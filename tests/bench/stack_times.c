/* SPDX-License-Identifier: MIT */
/*
 * Linked into a copy of the library, in front of its unwinder: counts how often the stack of a call
 * is remembered, and what a call costs if it is and if it is not. At its end each process appends a
 * line of names and numbers to the file that BENCH_STACKS names. Run by scripts/bench.sh (part
 * stacks). Times come from the time stamp counter, without the cost of reading it.
 */
#include <stdio.h>
#include <stdlib.h>

#include "state/state.h"
#include "unwind_wrapped.h"

/* No walk takes this long: another thread had the processor meanwhile. */
#define TICKS_MOST 4000000u

/* How a stack was found. */
enum way {
	WHOLE, /* recalled without a walk */
	IN_PIECES, /* a walk that recalled all of its frames */
	WALKED, /* at least one frame took the tables or rbp */
	TRIED, /* not recalled as a whole: part of the cost of the two before */
	WAYS,
};

static struct {
	_Atomic uint64_t count;
	_Atomic uint64_t timed; /* how many of these were not interrupted */
	_Atomic uint64_t ticks;
	_Atomic uint64_t frames;
	_Atomic uint64_t recalled; /* frames */
} seen[WAYS] VMT_DATA = { { 0 } };
/* The process that is counting: a fork child starts anew. */
static uint32_t counting VMT_DATA = 0;
static uint64_t first_tick VMT_DATA = 0;
static uint64_t first_ns VMT_DATA = 0;

static inline uint64_t tick(void)
{
	uint32_t low, high;

	__asm__ volatile("rdtscp" : "=a"(low), "=d"(high) : : "ecx", "memory");
	return (uint64_t)high << 32 | low;
}

static void begin(void)
{
	counting = vmt_state->process.pid;
	__builtin_memset(seen, 0, sizeof(seen));
	first_ns = vmt_clock();
	first_tick = tick();
}

static void count(enum way way, uint64_t ticks, const struct vmt_walk *stack)
{
	if (counting != vmt_state->process.pid)
		begin();
	seen[way].count++;
	if (ticks < TICKS_MOST) {
		seen[way].timed++;
		seen[way].ticks += ticks;
	}
	if (stack) {
		seen[way].frames += stack->count;
		seen[way].recalled += stack->recalled;
	}
}

void __wrap_vmt_unwind(const struct vmt_regs *regs, struct vmt_walk *ret_stack)
{
	uint64_t start = tick();
	uint64_t ticks;

	__real_vmt_unwind(regs, ret_stack);
	ticks = tick() - start;
	count(ret_stack->count && ret_stack->recalled == ret_stack->count ? IN_PIECES : WALKED,
	      ticks, ret_stack);
}

bool __wrap_vmt_unwind_recall_find(const struct vmt_regs *regs, struct vmt_range bounds,
				   uint32_t call, struct vmt_recalled *ret_whole)
{
	uint64_t start = tick();
	bool is_known = __real_vmt_unwind_recall_find(regs, bounds, call, ret_whole);
	uint64_t ticks = tick() - start;

	count(is_known ? WHOLE : TRIED, ticks, NULL);
	return is_known;
}

static uint64_t ticks_of_reading(void)
{
	uint64_t least = UINT64_MAX;

	for (int i = 0; i < 1000; i++) {
		uint64_t start = tick();
		uint64_t ticks = tick() - start;

		least = ticks < least ? ticks : least;
	}
	return least;
}

/*
 * The total of a way in nanoseconds; walks that were interrupted count with the mean of the others.
 */
static uint64_t nanoseconds(enum way way, uint64_t reading)
{
	uint64_t ns_1024 = 1024 * (vmt_clock() - first_ns) / (tick() - first_tick);
	uint64_t timed = seen[way].timed;
	uint64_t taken = seen[way].ticks;

	taken -= taken < timed * reading ? taken : timed * reading;
	return timed ? taken / timed * ns_1024 / 1024 * seen[way].count : 0;
}

static int describe(char *line, size_t size)
{
	static const char *const names[WAYS] = { "whole", "pieces", "walked", "tried" };
	uint64_t reading = ticks_of_reading();
	int length = 0;

	for (enum way way = WHOLE; way < WAYS; way++)
		length += snprintf(line + length, size - (size_t)length, "%s %lu %lu %lu %lu ",
				   names[way], seen[way].count, nanoseconds(way, reading),
				   seen[way].frames, seen[way].recalled);
	line[length - 1] = '\n';
	return length;
}

static void say(void)
{
	const char *log = getenv("BENCH_STACKS");
	char line[512];

	if (log && counting && counting == (uint32_t)vmt_sys0(SYS_getpid))
		append_line(log, line, describe(line, sizeof(line)));
}

_Noreturn void __wrap_vmt_last_act(int status)
{
	say();
	__real_vmt_last_act(status);
}

_Noreturn void __wrap_vmt_last_act_claimed(int status)
{
	say();
	__real_vmt_last_act_claimed(status);
}
