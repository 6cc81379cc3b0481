/* SPDX-License-Identifier: MIT */
/*
 * core/trend/slope.c: the median of the slopes between points; and the rate of a leak, below load and
 * caches that come and go, is near what was leaked.
 */
#include "core/trend/slope.h"

#include <criterion/criterion.h>
#include <stdlib.h>

#include "core/trend/trend.h"

#define SECOND UINT64_C(1000000000)
#define MOST   1024u
#define ROUNDS 3000u
#define PARTS  8u /* of a bucket */

static struct vmt_slope slope_of(const struct vmt_slope_point *points, uint32_t count)
{
	struct vmt_slope slope = { 0 };

	cr_assert(vmt_slope_of(points, count, &slope));
	return slope;
}

Test(slope, points_of_a_line)
{
	const struct vmt_slope_point points[] = { { 1, 10 }, { 3, 14 }, { 4, 16 }, { 9, 26 } };
	struct vmt_slope slope = slope_of(points, VMT_COUNT(points));

	cr_assert_eq(slope.rise, 2 * slope.span);
	cr_assert(!slope.is_rough);
}

Test(slope, two_points_that_are_too_high_do_not_matter)
{
	const struct vmt_slope_point points[] = {
		{ 0, 0 },  { 1, 10 }, { 2, 20 }, { 3, 130 },
		{ 4, 40 }, { 5, 50 }, { 6, 60 }, { 7, 900 },
	};
	struct vmt_slope slope = slope_of(points, VMT_COUNT(points));

	cr_assert_eq(slope.rise, 10 * slope.span);
	cr_assert(slope.is_rough, "half of the slopes are others");
}

Test(slope, what_cannot_be_measured)
{
	const struct vmt_slope_point falling[] = { { 1, 30 }, { 2, 20 }, { 3, 10 } };
	const struct vmt_slope_point flat[] = { { 1, 30 }, { 2, 30 }, { 3, 30 } };
	const struct vmt_slope_point at_once[] = { { 1, 10 }, { 1, 20 } };
	const struct vmt_slope_point hostile[] = { { 0, 0 }, { UINT64_MAX, UINT64_MAX } };
	const struct vmt_slope_point many[VMT_SLOPE_POINTS + 1] = { { 0, 0 }, { 1, 1 } };
	struct vmt_slope slope;

	cr_assert(!vmt_slope_of(falling, 3, &slope));
	cr_assert(!vmt_slope_of(flat, 3, &slope));
	cr_assert(!vmt_slope_of(at_once, 2, &slope));
	cr_assert(!vmt_slope_of(hostile, 2, &slope));
	cr_assert(!vmt_slope_of(many, VMT_SLOPE_POINTS + 1, &slope));
	cr_assert(!vmt_slope_of(falling, 1, &slope));
	cr_assert(!vmt_slope_of(falling, 0, &slope));
}

static struct vmt_curve_bucket buckets[MOST];
static unsigned seed = 5;

static double any(double from, double to)
{
	return from + (to - from) * rand_r(&seed) / RAND_MAX;
}

/*
 * What lies over the leak: a cache that fills and is freed, whole or in part, whenever it is full;
 * load that changes at random times; a warm-up that ends in the second eighth of the run.
 */
struct course {
	double leak, cache, load, warm_up;
	double keeps, fill, level, until;
};

static struct course any_course(bool has_cache, bool has_load, bool has_warm_up)
{
	struct course course = { .leak = any(300, 5000) };

	course.cache = has_cache ? course.leak * any(0.05, 0.8) : 0;
	course.load = has_load ? course.leak * any(0.05, 0.6) : 0;
	course.warm_up = has_warm_up ? course.leak * any(0, 1) : 0;
	course.keeps = rand_r(&seed) % 2 ? 0 : course.cache / 3;
	course.fill = any(0, course.cache);
	return course;
}

/* x: from 0 to 1; part: how much of the run passes until the next call; filled in a tenth of the run */
static uint64_t count_at(struct course *course, double x, double part)
{
	double warm = x < 0.2 ? course->warm_up * x / 0.2 : course->warm_up;

	course->fill += any(0, 2) * course->cache * part / 0.1;
	if (course->fill > course->cache)
		course->fill = course->keeps;
	if (x >= course->until) {
		course->until = x + any(0, 0.06);
		course->level = any(0, course->load);
	}
	return (uint64_t)(200 + course->leak * x + course->fill + course->level + warm);
}

static void make(struct course *course, uint32_t used)
{
	for (uint32_t i = 0; i < used; i++) {
		struct vmt_curve_bucket *bucket = &buckets[i];

		*bucket = (struct vmt_curve_bucket){ .min = UINT64_MAX };
		for (uint32_t k = 0; k < PARTS; k++) {
			double part = 1.0 / (used * PARTS);

			bucket->last = count_at(course, (i * PARTS + k) * part, part);
			bucket->min = bucket->last < bucket->min ? bucket->last : bucket->min;
			bucket->max = bucket->last > bucket->max ? bucket->last : bucket->max;
		}
	}
}

static bool bucket_at(const void *context, uint64_t index, struct vmt_curve_bucket *ret_bucket)
{
	*ret_bucket = ((const struct vmt_curve_bucket *)context)[index];
	return true;
}

static struct vmt_curve judge(uint32_t used)
{
	struct vmt_curve_source source = {
		.bucket = bucket_at,
		.context = buckets,
		.buckets = used,
		.width = SECOND / 2,
		.duration = used * SECOND / 2 - 1,
		.start = buckets[0].min,
		.now = buckets[used - 1].last,
	};
	struct vmt_curve curve;

	for (uint32_t i = 0; i < used; i++)
		source.peak = buckets[i].max > source.peak ? buckets[i].max : source.peak;
	cr_assert(vmt_trend_judge(&source, &curve));
	return curve;
}

static int is_more(const void *a, const void *b)
{
	return (*(const double *)a > *(const double *)b) -
	       (*(const double *)a < *(const double *)b);
}

/* Asserts how far off the rates of random leaks are: half of them, and nine of ten, in parts of 1. */
static void assert_errors(bool has_cache, bool has_load, bool has_warm_up, double half, double most)
{
	static double errors[ROUNDS];
	size_t known = 0;

	for (uint32_t round = 0; round < ROUNDS; round++) {
		struct course course = any_course(has_cache, has_load, has_warm_up);
		uint32_t used = 40 + (uint32_t)any(0, MOST - 40);
		struct vmt_curve curve;
		double rate;

		make(&course, used);
		curve = judge(used);
		if (curve.trend != VMT_TREND_LEAK)
			continue;
		rate = (double)curve.rise / (double)curve.span * (used * SECOND / 2.0);
		errors[known++] =
			rate > course.leak ? rate / course.leak - 1 : 1 - rate / course.leak;
	}
	cr_assert_gt(known, ROUNDS / 2);
	qsort(errors, known, sizeof(*errors), is_more);
	cr_assert_leq(errors[known / 2], half, "half of %zu: %f", known, errors[known / 2]);
	cr_assert_leq(errors[known / 10 * 9], most, "nine of ten: %f", errors[known / 10 * 9]);
}

Test(rate, below_a_cache_that_is_freed)
{
	assert_errors(true, false, false, 0.01, 0.05);
}

Test(rate, below_load_that_varies)
{
	assert_errors(false, true, false, 0.06, 0.2);
}

Test(rate, below_both)
{
	assert_errors(true, true, false, 0.08, 0.25);
}

Test(rate, after_a_warm_up_below_a_cache)
{
	assert_errors(true, false, true, 0.02, 0.12);
}

Test(rate, is_rough_where_the_lows_do_not_lie_on_a_line)
{
	struct course course = any_course(false, false, false);

	make(&course, 500);
	cr_assert(!judge(500).is_rough);
	for (uint32_t i = 0; i < 500; i++)
		buckets[i].min = buckets[i].max = buckets[i].last = 100 + (i / 70 + i / 200) * 200;
	cr_assert_eq(judge(500).trend, VMT_TREND_LEAK);
	cr_assert(judge(500).is_rough);
}
