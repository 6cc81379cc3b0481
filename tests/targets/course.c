/* SPDX-License-Identifier: MIT */
/*
 * A program whose count of maps follows a known course over its run, however busy the machine is:
 * the number of maps is a function of time. Arguments: the course (leak, bursts, warm-up, sawtooth,
 * burst, rising-sawtooth, leak-and-warm-up, small-leak, leak-and-bursts, uneven-leak, late-leak, resized,
 * start-up, start-up-alike, falling-load, given-back, or libraries, which loads libraries/0.so, 1.so and so
 * on), and the seconds. The exit status is 75 if the program did not run for a sixtieth of this time, and so left out a part of
 * the course.
 */
#include <dlfcn.h>

#include "target.h"

#define MOST 4000

static void *kept[2][MOST];
static long count[2];
static long served; /* requests, of which each eighth leaks */

/* A shared map never merges. */
static void *__attribute__((noinline)) map_one(void)
{
	void *at = mmap(NULL, PAGE, PROT_READ, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	REQUIRE(at != MAP_FAILED);
	return at;
}

static void __attribute__((noinline)) grow(long wanted)
{
	while (count[0] < wanted)
		kept[0][count[0]++] = map_one();
	while (count[0] > wanted)
		REQUIRE(munmap(kept[0][--count[0]], PAGE) == 0);
}

static void __attribute__((noinline)) grow_other(long wanted)
{
	while (count[1] < wanted)
		kept[1][count[1]++] = map_one();
}

/* Replace entries of the table one after the other, up to the so many-th since the start. */
static void __attribute__((noinline)) replace(long wanted)
{
	static long replaced;

	for (; replaced < wanted; replaced++) {
		void **entry = &kept[0][replaced * 7919 % count[0]];

		REQUIRE(munmap(*entry, PAGE) == 0);
		*entry = map_one();
	}
}

static void __attribute__((noinline)) load(long wanted)
{
	static long loaded;
	char name[48];

	for (; loaded < wanted; loaded++) {
		snprintf(name, sizeof(name), "libraries/%ld.so", loaded);
		REQUIRE(dlopen(name, RTLD_NOW));
	}
}

/* Map from one of many stacks, each of which occurs a few times, as in a long start-up. */
static void __attribute__((noinline)) grow_deep(long wanted, long depth)
{
	if (depth)
		grow_deep(wanted, depth - 1);
	else
		grow(wanted);
	__asm__ volatile("");
}

static double fraction(double value)
{
	return value - (double)(long)value;
}

static double least(double a, double b)
{
	return a < b ? a : b;
}

/* part: how much of the run is over, 0 to 1 */
static void step(const char *curve, double part)
{
	double tooth = fraction(part * 6);

	if (!strcmp(curve, "leak"))
		grow((long)(1000 * part));
	else if (!strcmp(curve, "bursts"))
		grow(tooth > 0.4 && tooth < 0.6 ? 1000 : 10);
	else if (!strcmp(curve, "warm-up"))
		grow((long)(1000 * least(part * 5, 1)) + (long)(tooth * 10));
	else if (!strcmp(curve, "sawtooth"))
		grow((long)(1000 * tooth));
	else if (!strcmp(curve, "burst"))
		grow(part > 0.4 && part < 0.6 ? 1000 : 0);
	else if (!strcmp(curve, "rising-sawtooth"))
		grow((long)(300 * tooth + 1500 * part));
	else if (!strcmp(curve, "leak-and-warm-up")) {
		grow((long)(1000 * part));
		grow_other((long)(500 * least(part * 5, 1)));
	} else if (!strcmp(curve, "small-leak")) {
		grow((long)(120 * part));
		grow_other((long)(3000 * least(part * 5, 1)));
	} else if (!strcmp(curve, "leak-and-bursts")) {
		grow((long)(120 * part) + (tooth > 0.4 && tooth < 0.6 ? 2000 : 0));
	} else if (!strcmp(curve, "uneven-leak")) {
		grow(200 * ((long)(part * 7.1) + (long)(part * 2.5)));
	} else if (!strcmp(curve, "late-leak")) {
		grow(100 + (part > 0.5 ? (long)(2000 * (part - 0.5)) : 0));
	} else if (!strcmp(curve, "resized")) {
		grow(300 * (1 + (long)(part * 3)));
		replace((long)(3000 * part));
	} else if (!strcmp(curve, "start-up")) {
		grow_deep((long)(600 * part), (long)(40 * part));
	} else if (!strcmp(curve, "start-up-alike")) {
		grow((long)(600 * (part + part * (1 - part))));
	} else if (!strcmp(curve, "falling-load")) {
		long requests = (long)(6000 * (part + part * (1 - part)));

		for (; served < requests; served++) {
			grow(count[0] + 1);
			REQUIRE(munmap(map_one(), PAGE) == 0);
			if (served % 8)
				grow(count[0] - 1);
		}
	} else if (!strcmp(curve, "given-back")) {
		grow(part < 0.97 ? (long)(1000 * part) : 0);
	} else if (!strcmp(curve, "libraries")) {
		load((long)(100 * part));
	} else
		REQUIRE(!"such a course");
}

int main(int argc, char **argv)
{
	const struct timespec pause = { 0, 5000000 };
	double seconds = (double)argument(argc, argv, 2, 5);
	double start = seconds_now(), last = start, gap = 0, now;

	REQUIRE(argc > 1);
	while ((now = seconds_now()) < start + seconds) {
		gap = now - last > gap ? now - last : gap;
		last = now;
		step(argv[1], (now - start) / seconds);
		nanosleep(&pause, NULL);
	}
	return gap > seconds / 60 ? 75 : 0;
}
