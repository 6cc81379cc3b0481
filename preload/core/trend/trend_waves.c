/* SPDX-License-Identifier: MIT */
/* Waves hide what rises below them: only their troughs show it. See trend_waves.h. */
#include "core/trend/trend_waves.h"

#define WINDOWS VMT_CURVE_WINDOWS

/* for is_climbing(): what is a leak, and what may be one */
#define SURE_PAIRS     0u
#define SURE_PART      4u
#define POSSIBLE_PAIRS 4u
#define POSSIBLE_PART  8u
#define FEW_PART       10u /* of the height of few waves */

bool vmt_trend_waves_are_there(const struct vmt_trend_run *run)
{
	return run->times > 1 && run->peak - run->base > (run->peak - run->source->start) / 4;
}

/*
 * The lowest count in a quarter of the run, from the second eighth on: an eighth alone may lie between
 * two troughs.
 */
static uint64_t low_of(const struct vmt_trend_run *run, uint32_t i)
{
	return run->floor[i] < run->floor[i + 1] ? run->floor[i] : run->floor[i + 1];
}

#define LOWS (WINDOWS - 2) /* the first is that of the second and third eighth */

static uint64_t early_low(const struct vmt_trend_run *run)
{
	return low_of(run, 1);
}

static uint64_t late_low(const struct vmt_trend_run *run)
{
	return low_of(run, LOWS);
}

/* Returns how many pairs of quarters have a lowest count that is not higher in the later one. */
static uint32_t falling_pairs(const struct vmt_trend_run *run)
{
	uint32_t pairs = 0;

	for (uint32_t i = 1; i <= LOWS; i++) {
		/* Quarters that overlap may share their lowest count. */
		for (uint32_t k = i + 1; k <= LOWS; k++)
			pairs += k == i + 1 ? low_of(run, k) < low_of(run, i) :
					      low_of(run, k) <= low_of(run, i);
	}
	return pairs;
}

/*
 * Does the count rise below its waves, by a part of their height, and not much less at the end? Of the 15
 * pairs of quarters, at most `pairs` contradict. With fewer than five drops, a quarter may have no trough.
 */
static bool is_climbing(const struct vmt_trend_run *run, uint32_t pairs, uint32_t part)
{
	uint64_t early = early_low(run), late = late_low(run);
	uint64_t middle = (low_of(run, LOWS / 2) + low_of(run, LOWS / 2 + 1)) / 2;

	if (run->drops < 5 || falling_pairs(run) > pairs || late < early + VMT_TREND_SMALL ||
	    late < middle)
		return false;
	return late - early >= (run->peak - run->base) / part &&
	       (middle < early || (late - middle) * 10 >= (middle - early) * 6);
}

static uint64_t lowest_of(const struct vmt_trend_run *run, uint32_t from, uint32_t to)
{
	uint64_t low = run->floor[from];

	while (++from <= to)
		low = run->floor[from] < low ? run->floor[from] : low;
	return low;
}

/*
 * Is the last trough above the first, and not only because of a warm-up? Then it is above those of the middle
 * of the run as well, by half of what these are above the first; and above those just before. Few waves may rise
 * by chance, and are only sure if they rose by half of their height.
 */
static bool have_troughs_risen(const struct vmt_trend_run *run, uint64_t least, bool is_sure)
{
	uint64_t first = run->trough[0], last = run->trough[1];
	uint64_t middle = lowest_of(run, WINDOWS / 2 - 1, WINDOWS / 2 + 1);
	uint64_t before = lowest_of(run, WINDOWS / 2 + 1, WINDOWS - 2);

	if (run->times <= 2 || last <= first + least)
		return false;
	if (run->drops < 5)
		return !is_sure || last > first + (run->peak - run->base) / 2;
	return last > before && last > middle &&
	       (last - middle) * 2 >= (middle > first ? middle - first : 0);
}

bool vmt_trend_waves_leak(const struct vmt_trend_run *run)
{
	return have_troughs_risen(run, (run->peak - run->base) / 4, true) ||
	       is_climbing(run, SURE_PAIRS, SURE_PART);
}

uint64_t vmt_trend_waves_rise(const struct vmt_trend_run *run, uint64_t *ret_early)
{
	*ret_early = early_low(run);
	return late_low(run) > *ret_early ? late_low(run) - *ret_early : 0;
}

bool vmt_trend_waves_are_flat(const struct vmt_trend_run *run, uint64_t band)
{
	return (run->times <= 1 || run->drops >= 5) && low_of(run, 2) <= early_low(run) + band;
}

void vmt_trend_waves_find_lows(const struct vmt_trend_run *run, uint64_t ret_lows[2])
{
	if (!vmt_trend_waves_are_there(run))
		return;
	if (is_climbing(run, POSSIBLE_PAIRS, POSSIBLE_PART)) {
		ret_lows[0] = early_low(run);
		ret_lows[1] = late_low(run);
	} else if (run->drops < 5 &&
		   have_troughs_risen(run, (run->peak - run->base) / FEW_PART, false)) {
		ret_lows[0] = run->trough[0];
		ret_lows[1] = run->trough[1];
	}
}
