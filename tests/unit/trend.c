/* SPDX-License-Identifier: MIT */
/*
 * core/trend/trend.c: known shapes are given their names, whatever the width of the buckets and
 * however many of them had no call; and no timeline can make it crash.
 */
#include "curve_source.h"

/*
 * The run ends in a bucket without a call; the buckets after it are left over from before they
 * widened.
 */
static void make(uint32_t (*shape)(uint64_t i), uint64_t count)
{
	used = count;
	for (uint64_t i = 0; i < MOST; i++)
		maps[i] = i < count ? shape(i) : i == count ? UINT32_MAX : 7;
}

static uint32_t leak(uint64_t i)
{
	return 20 + (uint32_t)(i * 1000 / used);
}
static uint32_t flat(uint64_t i)
{
	return (uint32_t)(20 + (i * 5 < used ? i * 5000 / used : 1000));
}
static uint32_t teeth(uint64_t i)
{
	return 20 + (uint32_t)(i % (used / 6) * 1000 / (used / 6));
}
static uint32_t peaks(uint64_t i)
{
	return i % (used / 6) == used / 12 ? 1020 : 20;
}
static uint32_t hill(uint64_t i)
{
	return i > used / 4 && i < used / 3 ? 1020 : 20;
}
static uint32_t table(uint64_t i)
{
	return i > used / 8 && i < used / 8 * 7 ? 1020 : 20;
}
static uint32_t deferred(uint64_t i)
{
	return i > used - used / 10 ? 1020 : 20;
}
/* A leak beside a cache, which is given back when the run is nearly over. */
static uint32_t leak_and_cache(uint64_t i)
{
	return leak(i) + (i + 2 < used ? 300 : 0);
}
/* A job that leaves 60 maps each time it runs, every seventh or eighth part of the run. */
static uint64_t jobs;
static uint32_t steps(uint64_t i)
{
	return 20 + 60 * (uint32_t)((i * jobs * 10 / used + 5) / 10) + (uint32_t)(i % 2);
}
static uint32_t none(uint64_t i)
{
	return 20 + (uint32_t)(i % 9);
}
static uint32_t leaking_teeth(uint64_t i)
{
	return teeth(i) / 3 + leak(i) * 3;
}
static uint32_t rippled(uint64_t i)
{
	return flat(i) + (uint32_t)(i % 7);
}
static uint32_t slow_leak(uint64_t i)
{
	return 20 + (uint32_t)(i * 1000 / used) / 20 * 20;
}
/* A leak of 100 after a warm-up to 3,000; under bursts of 3,000; after a start with 3,000. */
static uint32_t warm_leak(uint64_t i)
{
	return flat(i) * 3 + (uint32_t)(i * 100 / used) + (uint32_t)(i % 7);
}
static uint32_t burst_leak(uint64_t i)
{
	return peaks(i) * 3 + (uint32_t)(i * 100 / used);
}
static uint32_t started_leak(uint64_t i)
{
	return (i < used / 10 ? 3000 : 20) + (uint32_t)(i * 100 / used);
}
static uint32_t late_leak(uint64_t i)
{
	return 20 + (i * 3 < used ? 0 : (uint32_t)((i - used / 3) * 1000 / used));
}
/* It grows all the time, but more and more slowly. */
static uint32_t cache(uint64_t i)
{
	return 20 + (uint32_t)(1000 * i * 12 / (used + i * 11));
}
/* Slower and slower, but not near its end either: a start-up that was cut off. */
static uint32_t start_up(uint64_t i)
{
	return 20 + (uint32_t)(1000 * i * (2 * used - i) / (used * used));
}
/* As much as the square root of the time. */
static uint32_t root(uint64_t i)
{
	uint64_t wanted = i * 1000000 / used, root = 0;

	while ((root + 1) * (root + 1) <= wanted)
		root++;
	return 20 + (uint32_t)root;
}
/* What is missing shrinks by the same share in each part of the run, seven or twenty times in all. */
static uint32_t filling(uint64_t i, double power)
{
	double x = power * (double)i / (double)used;

	return 20 + (uint32_t)(1000 - 1000 / (1 + x * (1 + x / 2 * (1 + x / 3 * (1 + x / 4)))));
}
static uint32_t filling_slowly(uint64_t i)
{
	return filling(i, 2);
}
static uint32_t filling_fast(uint64_t i)
{
	return filling(i, 3);
}
static uint32_t sparse_leak(uint64_t i)
{
	return i % 3 ? UINT32_MAX : leak(i);
}

Test(curve, known_ones_at_any_resolution)
{
	static const struct {
		uint32_t (*shape)(uint64_t i);
		enum vmt_trend trend;
	} known[] = {
		{ leak, VMT_TREND_LEAK },
		{ flat, VMT_TREND_PLATEAU },
		{ teeth, VMT_TREND_SAWTOOTH },
		{ peaks, VMT_TREND_BURSTS },
		{ hill, VMT_TREND_BURST },
		{ table, VMT_TREND_GIVEN_BACK },
		{ deferred, VMT_TREND_GROWING },
		{ none, VMT_TREND_NONE },
		{ leaking_teeth, VMT_TREND_LEAK },
		{ rippled, VMT_TREND_PLATEAU },
		{ slow_leak, VMT_TREND_LEAK },
		{ sparse_leak, VMT_TREND_LEAK },
		{ warm_leak, VMT_TREND_LEAK },
		{ burst_leak, VMT_TREND_LEAK },
		{ started_leak, VMT_TREND_LEAK },
		{ late_leak, VMT_TREND_LEAK },
		{ cache, VMT_TREND_PLATEAU },
		{ start_up, VMT_TREND_GROWING },
		{ filling_slowly, VMT_TREND_GROWING },
		{ filling_fast, VMT_TREND_GROWING },
	};

	for (uint64_t count = 60; count <= MOST; count += 37) {
		for (size_t i = 0; i < VMT_COUNT(known); i++) {
			make(known[i].shape, count);
			cr_assert_eq(trend(10), known[i].trend, "number %zu with %lu buckets is %s",
				     i, (unsigned long)count, vmt_trend_word(trend(10)));
		}
	}
}

/* This needs eighths of the same length, since each adds only a little less than the one before. */
Test(curve, the_root_of_the_time_is_no_leak)
{
	for (uint64_t count = 64; count <= MOST; count += 40) {
		make(root, count);
		cr_assert_eq(trend(10), VMT_TREND_GROWING, "%lu buckets", (unsigned long)count);
	}
}

Test(curve, a_leak_has_a_rate)
{
	struct vmt_curve curve;

	make(leak, 500);
	curve = judge(100 * SECOND);
	cr_assert_eq(curve.trend, VMT_TREND_LEAK);
	cr_assert_float_eq((double)curve.rise / ((double)curve.span / SECOND), 10, 0.5);
	cr_assert(!curve.is_falling);
	make(leaking_teeth, 500);
	curve = judge(100 * SECOND);
	cr_assert_float_eq((double)curve.rise / ((double)curve.span / SECOND), 30, 3);
	cr_assert(curve.is_falling);
}

Test(curve, a_leak_beside_something_larger_has_its_own_rate)
{
	uint32_t (*const shapes[])(uint64_t) = { warm_leak, burst_leak, started_leak };
	struct vmt_curve curve;

	for (size_t i = 0; i < VMT_COUNT(shapes); i++) {
		make(shapes[i], 600);
		curve = judge(100 * SECOND);
		cr_assert_float_eq((double)curve.rise / ((double)curve.span / SECOND), 1, 0.1,
				   "number %zu", i);
	}
	make(late_leak, 600);
	curve = judge(100 * SECOND);
	cr_assert_float_eq((double)curve.rise / ((double)curve.span / SECOND), 10, 1);
	cr_assert_float_eq((double)curve.since / SECOND, 33.3, 1);
}

/* Noise that never settles is no leak; the seed is fixed. */
Test(curve, noise_is_no_leak)
{
	unsigned seed = 7, leaks = 0;

	for (int round = 0; round < 2000; round++) {
		used = 100 + (uint64_t)rand_r(&seed) % 900;
		for (uint64_t i = 0; i < MOST; i++)
			maps[i] = i < used ? 500 + (uint32_t)rand_r(&seed) % 500 : UINT32_MAX;
		leaks += trend(60) == VMT_TREND_LEAK;
	}
	cr_assert_leq(leaks, 2, "%u of 2,000", leaks);
}

/* Steps of random height, after a warm-up; the seed is fixed. */
Test(curve, an_uneven_leak_after_a_warm_up_is_one)
{
	unsigned seed = 11, leaks = 0;

	used = 200;
	for (int round = 0; round < 1000; round++) {
		uint32_t leaked = 20;

		for (uint64_t i = 0; i < MOST; i++) {
			leaked += i < used ? (uint32_t)rand_r(&seed) % 11 : 0;
			maps[i] = leaked + (uint32_t)(i * 5 < used ? i * 2500 / used : 500);
		}
		leaks += trend(60) == VMT_TREND_LEAK;
	}
	cr_assert_geq(leaks, 980, "%u of 1,000", leaks);
}

Test(curve, a_plateau_tells_when_it_began_to_rise_as_well)
{
	struct vmt_curve curve;

	make(flat, 500);
	curve = judge(100 * SECOND);
	cr_assert_lt(curve.began, SECOND);
	cr_assert_gt(curve.since, 18 * SECOND);
	cr_assert_lt(curve.since, 21 * SECOND);
}

Test(curve, bursts_are_counted)
{
	make(peaks, 600);
	cr_assert_eq(judge(10 * SECOND).times, 6);
	cr_assert_eq(judge(10 * SECOND).low, 20);
	cr_assert_eq(judge(10 * SECOND).high, 1020);
}

Test(curve, a_short_run_is_not_judged)
{
	make(leak, 100);
	cr_assert_eq(trend(2), VMT_TREND_SHORT);
	make(leak, 10);
	cr_assert_eq(trend(10), VMT_TREND_SHORT, "nor one in a handful of buckets");
	make(hill, 100);
	cr_assert_eq(trend(2), VMT_TREND_BURST, "what went up and came back is known");
}

Test(curve, a_leak_in_large_steps)
{
	for (uint64_t count = 60; count <= MOST; count += 37) {
		for (jobs = 7; jobs < 12; jobs++) {
			make(steps, count);
			cr_assert_eq(trend(66), VMT_TREND_LEAK, "%lu jobs, %lu buckets are %s",
				     (unsigned long)jobs, (unsigned long)count,
				     vmt_trend_word(trend(66)));
		}
	}
}

Test(curve, a_leak_before_a_part_is_given_back)
{
	struct vmt_curve curve;

	make(leak_and_cache, 500);
	curve = judge(100 * SECOND);
	cr_assert_eq(curve.trend, VMT_TREND_UNEVEN);
	cr_assert_float_eq((double)curve.rise / ((double)curve.span / SECOND), 10, 0.5);
}

Test(curve, what_cannot_be_judged)
{
	struct vmt_curve_source source = { .bucket = bucket, .context = maps, .duration = SECOND };
	struct vmt_curve curve;

	cr_assert(!vmt_trend_judge(&source, &curve), "no width");
	source.width = 1;
	cr_assert(!vmt_trend_judge(&source, &curve), "a billion buckets");
	source.width = UINT64_MAX;
	cr_assert(!vmt_trend_judge(&source, &curve));
}

static bool are_same(const struct vmt_curve *a, const struct vmt_curve *b)
{
	return a->trend == b->trend && a->began == b->began && a->since == b->since &&
	       a->low == b->low && a->high == b->high && a->times == b->times &&
	       a->rise == b->rise && a->span == b->span && a->is_falling == b->is_falling &&
	       a->lows[0] == b->lows[0] && a->lows[1] == b->lows[1];
}

Test(curve, random_timelines)
{
	unsigned seed = 1;
	struct vmt_curve curve, of_each;

	for (int round = 0; round < 20000; round++) {
		uint64_t seconds = 1 + (uint64_t)rand_r(&seed) % 20;

		used = 1 + (uint64_t)rand_r(&seed) % MOST;
		for (uint64_t i = 0; i < MOST; i++)
			maps[i] = rand_r(&seed) % 4 ? (uint32_t)rand_r(&seed) % 2000 : UINT32_MAX;
		curve = judge(seconds * SECOND);
		cr_assert_lt(curve.trend, VMT_TREND_COUNT);
		cr_assert_leq(curve.low, curve.high);
		for (uint64_t i = read_most = (uint64_t)rand_r(&seed) % used; i < MOST; i++)
			maps[i] = UINT32_MAX;
		curve = judge(seconds * SECOND);
		read_most = MOST;
		of_each = judge(seconds * SECOND);
		cr_assert(are_same(&curve, &of_each), "an idle end");
	}
}
