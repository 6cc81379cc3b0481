/* SPDX-License-Identifier: MIT */
/* core/trend/trend.c: waves, with and without a leak below them. */
#include "curve_source.h"

/*
 * Waves of random height and at random times, as of a server under varying load, and a leak below them
 * that reaches their height at the end.
 */
static void make_waves(unsigned *seed, uint32_t leaked_in_all)
{
	uint32_t height = 0, load = 0;

	used = 600;
	for (uint64_t i = 0; i < MOST; i++) {
		if (i % 20 == 0)
			load = (uint32_t)rand_r(seed) % 1000;
		height = height && (uint32_t)rand_r(seed) % 25 ? height + 40 : 1;
		maps[i] = i < used ? 200 + load + height + (uint32_t)(i * leaked_in_all / used) :
				     UINT32_MAX;
	}
}

/* Returns how many of 2,000 runs are called a leak; ret_rising: or said to rise below the waves. */
static unsigned count_leaks(uint32_t leaked_in_all, unsigned *ret_rising)
{
	unsigned seed = 3, leaks = 0;

	*ret_rising = 0;
	for (int round = 0; round < 2000; round++) {
		struct vmt_curve curve;

		make_waves(&seed, leaked_in_all);
		curve = judge(80 * SECOND);
		leaks += curve.trend == VMT_TREND_LEAK;
		*ret_rising += curve.trend == VMT_TREND_LEAK || curve.lows[1] > curve.lows[0];
	}
	return leaks;
}

/* Whichever eighths their troughs fall into. */
Test(curve, regular_waves_do_not_rise)
{
	unsigned leaks = 0, rising = 0, sawteeth = 0;

	for (uint32_t teeth = 5; teeth < 30; teeth++) {
		for (uint32_t phase = 0; phase < 20; phase++) {
			struct vmt_curve curve;

			used = 600;
			for (uint64_t i = 0; i < MOST; i++)
				maps[i] = i < used ?
						  20 + (uint32_t)((i * teeth + phase * 30) % 600) :
						  UINT32_MAX;
			curve = judge(80 * SECOND);
			leaks += curve.trend == VMT_TREND_LEAK;
			rising += curve.lows[1] > curve.lows[0];
			sawteeth += curve.trend == VMT_TREND_SAWTOOTH;
		}
	}
	cr_assert_eq(leaks, 0, "%u", leaks);
	cr_assert_eq(rising, 0, "%u", rising);
	cr_assert_geq(sawteeth, 450, "%u", sawteeth);
}

/* The seed is fixed. */
Test(curve, a_leak_below_waves_of_random_height)
{
	unsigned rising, leaks = count_leaks(0, &rising);

	cr_assert_leq(leaks, 4, "%u of 2,000", leaks);
	cr_assert_leq(rising, 50, "%u of 2,000", rising);
	leaks = count_leaks(1500, &rising);
	cr_assert_geq(leaks, 400, "%u of 2,000", leaks);
	cr_assert_geq(rising, 800, "%u of 2,000", rising);
	leaks = count_leaks(3000, &rising);
	cr_assert_geq(leaks, 1000, "%u of 2,000", leaks);
}

/*
 * A place fills a table in teeth and replaces some of it at random, by another call: what one call lost the
 * other one has, so that the troughs of each are never the same. 32 to a bucket, as of a call site.
 */
static void make_teeth_of_two_calls(unsigned *seed, uint32_t leaked_in_all)
{
	uint32_t one = 0, other = 0, tooth = 40 + (uint32_t)rand_r(seed) % 60;
	uint32_t moved = 1 + (uint32_t)rand_r(seed) % 4;

	used = 32 * (16 + (uint64_t)rand_r(seed) % 16);
	for (uint64_t i = 0; i < MOST; i++) {
		uint32_t want = 1000 + (uint32_t)(i % tooth) * 4000 / tooth;
		uint32_t all = one + other;

		if (all > want) {
			one = (uint32_t)((uint64_t)one * want / all);
			other = want - one;
		}
		one += want - one - other;
		all = one / 100 * ((uint32_t)rand_r(seed) % 3) * moved;
		one -= all;
		other += all;
		all = other / 100 * ((uint32_t)rand_r(seed) % 3);
		other -= all;
		one += all;
		maps[i] = other + (uint32_t)(i * leaked_in_all / used);
	}
}

static unsigned count_leaks_of_two_calls(uint32_t leaked_in_all)
{
	unsigned seed = 5, leaks = 0;

	fold = 32;
	for (int round = 0; round < 2000; round++) {
		make_teeth_of_two_calls(&seed, leaked_in_all);
		leaks += trend(used / 32) == VMT_TREND_LEAK;
	}
	fold = 1;
	return leaks;
}

/* The seed is fixed. */
Test(curve, teeth_in_wide_buckets)
{
	unsigned leaks = count_leaks_of_two_calls(0);

	cr_assert_leq(leaks, 20, "%u of 2,000", leaks);
	leaks = count_leaks_of_two_calls(2000);
	cr_assert_geq(leaks, 1000, "%u of 2,000", leaks);
	leaks = count_leaks_of_two_calls(4000);
	cr_assert_geq(leaks, 1600, "%u of 2,000", leaks);
}

/* The start is in the same bucket as the first rise, and is no trough. */
Test(curve, teeth_that_rise_in_their_first_bucket)
{
	fold = 32;
	used = 32 * 20;
	for (uint64_t i = 0; i < MOST; i++)
		maps[i] =
			i < 4 ? 20 : 1000 + (uint32_t)(i % 47) * 60 + (uint32_t)(i % 94 / 47) * 20;
	cr_assert_eq(trend(20), VMT_TREND_SAWTOOTH, "%s", vmt_trend_word(trend(20)));
	fold = 1;
}

/* A heap in use: teeth whose base rises with the first four of them, and never again. */
Test(curve, teeth_above_a_warm_up)
{
	unsigned leaks = 0;

	for (uint32_t teeth = 10; teeth < 40; teeth++) {
		used = 600;
		for (uint64_t i = 0; i < MOST; i++) {
			uint64_t tooth = i * teeth / used;

			maps[i] = i < used ? 20 + (uint32_t)(i * teeth % used) +
						     100 * (uint32_t)(tooth < 4 ? tooth : 4) :
					     UINT32_MAX;
		}
		leaks += trend(180) == VMT_TREND_LEAK;
	}
	cr_assert_eq(leaks, 0, "%u", leaks);
}

/* Sessions that come at random and last some time: about as many at any time. The seed is fixed. */
Test(curve, sessions_at_random_are_no_leak)
{
	unsigned seed = 9, leaks = 0, sure = 0;
	struct vmt_curve curve;

	used = 360;
	for (int round = 0; round < 1000; round++) {
		uint32_t sessions = 0;

		for (uint64_t i = 0; i < MOST; i++) {
			for (uint32_t k = sessions; k--;)
				sessions -= rand_r(&seed) % 24 == 0;
			for (int k = 0; k < 15; k++)
				sessions += rand_r(&seed) % 2;
			maps[i] = i < used ? 20 + 3 * sessions : UINT32_MAX;
		}
		curve = judge(90 * SECOND);
		leaks += curve.trend == VMT_TREND_LEAK;
		sure += curve.trend == VMT_TREND_LEAK && !curve.is_doubtful;
	}
	cr_assert_leq(leaks, 30, "%u of 1,000", leaks);
	cr_assert_leq(sure, 5, "%u of 1,000", sure);
}
