/* SPDX-License-Identifier: MIT */
/*
 * The first pass finds the lowest count in each eighth of the run, and when the count settled. The
 * second pass counts how often the count rose and came back. See trend.h.
 */
#include "core/report/trend.h"

#include "core/report/slope.h"

#define WINDOWS VMT_TREND_WINDOWS
/* Sites have 16 or more; one is lost where a run is judged up to its end only. */
#define LEAST_BUCKETS (2 * WINDOWS - 1)

/* for is_climbing(): what is a leak, and what may be one */
#define SURE_PAIRS     0u
#define SURE_PART      4u
#define POSSIBLE_PAIRS 4u
#define POSSIBLE_PART  8u

struct run {
	const struct vmt_curve_source *source;
	uint64_t buckets; /* in the run's duration */
	uint64_t peak;
	uint64_t first_rise; /* bucket in which the count first exceeded the start */
	uint64_t settled; /* first bucket from which on the count stays near its final value */
	uint64_t low; /* extremes from `settled` on */
	uint64_t high;
	uint64_t above_half; /* about how many half buckets were in the upper half of the rise */
	uint64_t window; /* the eighth of the run that the first pass is in */
	uint64_t floor[WINDOWS]; /* lowest count in each eighth of the run… */
	uint64_t floor_at[WINDOWS]; /* …and the first bucket that has it */
	bool is_falling;
	bool is_slowing; /* set after the first pass, from the floors */
	uint64_t active; /* buckets with a call… */
	uint64_t active_settled; /* …and how many of these come after it settled */
	/* set by the second pass */
	uint64_t base; /* lowest count after the first quarter */
	uint64_t times; /* how often it rose from near the base to beyond the middle */
	uint64_t
		drops; /* how often it fell by an eighth of what it rose in all, wherever that was */
	uint64_t trough[2]; /* the lowest count between two rises: first and last */
	uint64_t trough_at[2]; /* the buckets of these troughs */
};

/* Returns the bucket at index. In a bucket without a call, the count stays what it was. */
static struct vmt_curve_bucket bucket_at(const struct run *run, uint64_t index, uint64_t *carry)
{
	struct vmt_curve_bucket bucket;

	if (index >= run->source->buckets ||
	    !run->source->bucket(run->source->context, index, &bucket))
		bucket.min = bucket.max = bucket.last = *carry;
	*carry = bucket.last;
	return bucket;
}

static bool is_active_at(const struct run *run, uint64_t index)
{
	struct vmt_curve_bucket bucket;

	return index < run->source->buckets &&
	       run->source->bucket(run->source->context, index, &bucket);
}

static void note_bucket(struct run *run, const struct vmt_curve_bucket *bucket, uint64_t index,
			uint64_t before)
{
	const struct vmt_curve_source *source = run->source;
	uint64_t rise = run->peak - source->start;
	uint64_t band = rise / 20 > 4 ? rise / 20 : 4;

	/* which eighth it is, without a division for each bucket */
	while ((run->window + 1) * run->buckets <= index * WINDOWS)
		run->window++;
	if (bucket->min < run->floor[run->window]) {
		run->floor[run->window] = bucket->min;
		run->floor_at[run->window] = index;
	}
	if (run->first_rise == UINT64_MAX && bucket->max > source->start)
		run->first_rise = index;
	if (bucket->min < before && run->first_rise < index)
		run->is_falling = true;
	run->above_half += bucket->max > source->start + rise / 2;
	run->above_half += bucket->min > source->start + rise / 2;
	if (bucket->max > source->now + band || bucket->min + band < source->now) {
		run->settled = index + 1;
		run->active_settled = 0;
		run->low = run->high = source->now;
	}
	if (run->settled <= index) {
		run->low = bucket->min < run->low ? bucket->min : run->low;
		run->high = bucket->max > run->high ? bucket->max : run->high;
	}
}

/* A process that idles has many buckets behind the last call, and one of these is like all others. */
static uint64_t until_idle(const struct run *run)
{
	return run->buckets < run->source->buckets + 1 ? run->buckets : run->source->buckets + 1;
}

/* Of the buckets from `index` on, all with this count, the first of each eighth and the last tell all. */
static void note_idle(struct run *run, uint64_t index, uint64_t count)
{
	const struct vmt_curve_bucket idle = { count, count, count };
	uint64_t half = run->source->start + (run->peak - run->source->start) / 2, next;

	for (; index < run->buckets; index = next) {
		note_bucket(run, &idle, index, count);
		next = ((run->window + 1) * run->buckets + WINDOWS - 1) / WINDOWS;
		if (next >= run->buckets && index + 1 < run->buckets)
			next = run->buckets - 1;
		run->above_half += count > half ? 2 * (next - index - 1) : 0;
	}
}

static void first_pass(struct run *run)
{
	uint64_t carry = run->source->start;

	for (uint64_t i = 0; i < until_idle(run); i++) {
		uint64_t before = carry;
		bool is_active = is_active_at(run, i);
		struct vmt_curve_bucket bucket = bucket_at(run, i, &carry);

		run->active += is_active;
		run->active_settled += is_active;
		note_bucket(run, &bucket, i, before);
	}
	note_idle(run, until_idle(run), carry);
}

/* Counts the drops: falls from the highest count since the last one. */
static void count_drops(struct run *run)
{
	uint64_t least = (run->peak - run->base) / 8 + 1;
	uint64_t carry = run->source->start, high = 0, low = UINT64_MAX;
	bool is_down = false;

	for (uint64_t i = 0; i < until_idle(run); i++) {
		struct vmt_curve_bucket bucket = bucket_at(run, i, &carry);

		high = bucket.max > high ? bucket.max : high;
		low = bucket.min < low ? bucket.min : low;
		if (!is_down && bucket.min + least <= high) {
			run->drops++;
			is_down = true;
			low = bucket.min;
		} else if (is_down && bucket.max >= low + least) {
			is_down = false;
			high = bucket.max;
		}
	}
}

/* [trough] /high\ [trough] /high\: counts each rise, and finds each trough between two rises. */
static void second_pass(struct run *run)
{
	uint64_t rise, carry = run->source->start, lowest = UINT64_MAX, lowest_at = 0;
	uint64_t first = UINT64_MAX;
	bool is_up = false;

	run->base = UINT64_MAX;
	for (uint32_t i = WINDOWS / 4; i < WINDOWS; i++)
		run->base = run->floor[i] < run->base ? run->floor[i] : run->base;
	rise = run->peak > run->base ? run->peak - run->base : 0;
	for (uint64_t i = 0; rise && i < until_idle(run); i++) {
		struct vmt_curve_bucket bucket = bucket_at(run, i, &carry);

		if (!is_up && bucket.max > run->base + rise / 2) {
			run->trough[run->times > 1] = lowest;
			run->trough_at[run->times > 1] = lowest_at;
			first = run->times ? first : i;
			run->times++;
			is_up = true;
			lowest = UINT64_MAX;
		}
		if (bucket.last < run->base + rise / 4)
			is_up = false;
		/* The bucket in which it first rose has the start as well. */
		if (i != first && bucket.min < lowest) {
			lowest = bucket.min;
			lowest_at = i;
		}
	}
	/* The trough before the first rise is the start-up, and does not count. */
	if (run->times > 1 && !is_up) {
		run->trough[1] = lowest;
		run->trough_at[1] = lowest_at;
	}
}

static bool prepare(const struct vmt_curve_source *source, struct run *run)
{
	*run = (struct run){
		.source = source,
		.peak = source->peak > source->start ? source->peak : source->start,
		.first_rise = UINT64_MAX,
		.low = source->now,
		.high = source->now,
	};
	for (uint32_t i = 0; i < WINDOWS; i++)
		run->floor[i] = UINT64_MAX;
	if (!source->width || source->buckets > VMT_TREND_BUCKETS_MAX ||
	    source->width > UINT64_MAX / (VMT_TREND_BUCKETS_MAX + 1))
		return false;
	/* The source may have more buckets, left over from before they widened. */
	run->buckets = source->duration / source->width + 1;
	return run->buckets <= VMT_TREND_BUCKETS_MAX;
}

/*
 * Does the lowest count rise from each eighth of the run to the next, and not just in one or two
 * steps? A leak does. The first eighth is left out as start-up.
 */
static bool is_rising(const struct run *run)
{
	uint64_t all = run->floor[WINDOWS - 1] - run->floor[1];
	uint32_t rises = 0;

	if (run->floor[WINDOWS - 1] <= run->floor[1])
		return false;
	for (uint32_t i = 2; i < WINDOWS; i++)
		rises += run->floor[i] > run->floor[i - 1] &&
			 run->floor[i] - run->floor[i - 1] >= all / (4 * (WINDOWS - 2));
	return rises >= WINDOWS - 3;
}

/* What the lowest count gained from one eighth of the run to a later one. */
static uint64_t gain(const struct run *run, uint32_t from, uint32_t to)
{
	return run->floor[to] > run->floor[from] ? run->floor[to] - run->floor[from] : 0;
}

/* Did no eighth of the run, from the second on, add more than the one before? */
static bool is_ever_slower(const struct run *run)
{
	for (uint32_t i = 2; i + 1 < WINDOWS; i++) {
		if (gain(run, i, i + 1) > gain(run, i - 1, i))
			return false;
	}
	return true;
}

/*
 * Does it rise less and less to the end? The second half added less than the first, and its last
 * quarter less than the one before; a little less is enough if it never rose faster again. A leak
 * that begins with a warm-up is steady in the second half.
 */
static bool is_slowing(const struct run *run)
{
	const uint32_t last = WINDOWS - 1, quarter = WINDOWS / 4, middle = WINDOWS / 2;
	uint64_t before = gain(run, last - 2 * quarter, last - quarter);
	uint64_t at_last = gain(run, last - quarter, last);

	if (gain(run, middle, last) * 4 >= gain(run, 1, middle) * 3)
		return false;
	return at_last * 10 < before * 7 || (at_last * 10 < before * 9 && is_ever_slower(run));
}

/*
 * What warms up does that, however long it takes; or the last quarter adds less than two thirds of
 * what the quarters since the first eighth did on average.
 */
static bool is_flattening(const struct run *run)
{
	return run->is_slowing ||
	       gain(run, WINDOWS - 1 - WINDOWS / 4, WINDOWS - 1) * 3 * (WINDOWS - 2) <
		       gain(run, 1, WINDOWS - 1) * 4;
}

/*
 * Returns the eighth from which on the lowest count rises by about the same amount each time; 0 =
 * it does not do so over half the run. The amount may be smaller than for is_rising(), so that a
 * slow leak after a long warm-up, or below bursts, is found. A warm-up rises less each time.
 */
static uint32_t steady_from(const struct run *run)
{
	for (uint32_t from = WINDOWS / 4; from <= WINDOWS / 2 - 1; from++) {
		uint64_t all = run->floor[WINDOWS - 1] - run->floor[from];
		uint32_t i = from + 1;

		if (run->floor[WINDOWS - 1] < run->floor[from] + VMT_TREND_SMALL)
			continue;
		while (i < WINDOWS && run->floor[i] > run->floor[i - 1] &&
		       run->floor[i] - run->floor[i - 1] >= all * 2 / (3 * (WINDOWS - 1 - from)))
			i++;
		if (i == WINDOWS)
			return from;
	}
	return 0;
}

/* How fast it rises, by the lowest counts of the eighths, each with the bucket it was in. */
static bool measure_floors(const struct run *run, struct vmt_slope *ret_slope)
{
	struct vmt_slope_point lows[WINDOWS];
	uint32_t from = steady_from(run), count = 0;

	/* The first quarter is left out: it may be a warm-up on top of the leak. */
	for (uint32_t i = from ? from : WINDOWS / 4; i < WINDOWS; i++)
		lows[count++] = (struct vmt_slope_point){ run->floor_at[i], run->floor[i] };
	return vmt_slope_of(lows, count, ret_slope);
}

static bool is_plateau(const struct run *run)
{
	uint64_t before = run->settled * run->source->width;
	uint64_t duration = run->source->duration;

	return before <= duration && duration - before >= duration / 4 &&
	       duration - before >= VMT_TREND_SHORT_NS / 2;
}

/*
 * The run is short, but was flat for most of it, while the program went on to make calls, or for long
 * enough: what came before was the start-up.
 */
static bool is_flat_after_start(const struct run *run)
{
	uint64_t before = run->settled * run->source->width, flat;

	if (before > run->source->duration)
		return false;
	flat = run->source->duration - before;
	return (flat >= VMT_TREND_FLAT_NS && flat >= run->source->duration / 4 * 3) ||
	       (run->active_settled >= WINDOWS &&
		run->active_settled >= run->active - run->active / 3);
}

/* Did the count rise more than once, by more than a ripple on a plateau? */
static bool is_in_waves(const struct run *run)
{
	return run->times > 1 && run->peak - run->base > (run->peak - run->source->start) / 4;
}

/*
 * The lowest counts below waves may seem to rise steadily by chance, since there are few of them: then some
 * of them rose much faster than others.
 */
static bool is_steady(const struct run *run)
{
	struct vmt_slope slope;

	return steady_from(run) && !run->is_slowing &&
	       (!is_in_waves(run) || (measure_floors(run, &slope) && !slope.is_rough));
}

/*
 * The lowest count in a quarter of the run, from the second eighth on: an eighth alone may lie between
 * two troughs.
 */
static uint64_t low_of(const struct run *run, uint32_t i)
{
	return run->floor[i] < run->floor[i + 1] ? run->floor[i] : run->floor[i + 1];
}

#define LOWS (WINDOWS - 2) /* the first is that of the second and third eighth */

static uint64_t early_low(const struct run *run)
{
	return low_of(run, 1);
}

static uint64_t late_low(const struct run *run)
{
	return low_of(run, LOWS);
}

/* Returns how many pairs of quarters have a lowest count that is not higher in the later one. */
static uint32_t falling_pairs(const struct run *run)
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
 * Does the count rise below its waves, by a part of their height, and not much less at the end? Of the 15 pairs of quarters, at most `pairs` contradict. With fewer than five drops, a quarter
 * may have no trough.
 */
static bool is_climbing(const struct run *run, uint32_t pairs, uint32_t part)
{
	uint64_t early = early_low(run), late = late_low(run);
	uint64_t middle = (low_of(run, LOWS / 2) + low_of(run, LOWS / 2 + 1)) / 2;

	if (run->drops < 5 || falling_pairs(run) > pairs || late < early + VMT_TREND_SMALL ||
	    late < middle)
		return false;
	return late - early >= (run->peak - run->base) / part &&
	       (middle < early || (late - middle) * 10 >= (middle - early) * 6);
}

/* The count rises and falls: this depends on whether its troughs rise. */
static enum vmt_trend of_waves(const struct run *run)
{
	uint64_t rise = run->peak - run->base;

	if ((run->times > 2 && run->trough[1] > run->trough[0] + rise / 4) ||
	    is_climbing(run, SURE_PAIRS, SURE_PART))
		return VMT_TREND_LEAK;
	return run->above_half < 2 * run->buckets / 3 ? VMT_TREND_BURSTS : VMT_TREND_SAWTOOTH;
}

static enum vmt_trend trend_of(const struct run *run)
{
	const struct vmt_curve_source *source = run->source;
	uint64_t rise = run->peak - source->start;
	bool is_back = source->now < source->start + rise / 2;
	bool is_short = source->duration < VMT_TREND_SHORT_NS || run->buckets < LEAST_BUCKETS;

	if (rise < VMT_TREND_SMALL)
		return VMT_TREND_NONE;
	if (is_short && !is_back)
		return is_flat_after_start(run) ? VMT_TREND_PLATEAU : VMT_TREND_SHORT;
	if (is_short && run->buckets >= 2 * WINDOWS && run->times > 2 && is_in_waves(run) &&
	    of_waves(run) != VMT_TREND_LEAK)
		return of_waves(run);
	if (!is_short && is_steady(run))
		return VMT_TREND_LEAK;
	if (!is_short && is_in_waves(run))
		return of_waves(run);
	if (is_back)
		return run->above_half > run->buckets ? VMT_TREND_GIVEN_BACK : VMT_TREND_BURST;
	if (is_plateau(run))
		return VMT_TREND_PLATEAU;
	if (is_rising(run) && !is_flattening(run))
		return VMT_TREND_LEAK;
	return source->now + rise / 20 >= run->peak ? VMT_TREND_GROWING : VMT_TREND_UNEVEN;
}

/* If the lowest counts of the eighths do not rise, it is measured from trough to trough. */
static void measure_leak(const struct run *run, struct vmt_curve *curve)
{
	struct vmt_slope slope;

	if (measure_floors(run, &slope)) {
		curve->rise = slope.rise;
		curve->span = slope.span * run->source->width;
		curve->is_rough = slope.is_rough;
	} else if (run->times > 2 && run->trough[1] > run->trough[0]) {
		curve->rise = run->trough[1] - run->trough[0];
		curve->span = (run->trough_at[1] - run->trough_at[0]) * run->source->width;
		curve->is_rough = true;
	}
}

bool vmt_trend_judge(const struct vmt_curve_source *source, struct vmt_curve *ret_curve)
{
	struct run run;

	if (!prepare(source, &run))
		return false;
	first_pass(&run);
	run.is_slowing = is_slowing(&run);
	second_pass(&run);
	count_drops(&run);
	*ret_curve = (struct vmt_curve){
		.trend = trend_of(&run),
		.low = run.low,
		.high = run.high,
		.times = run.times,
		.is_falling = run.is_falling,
		.is_slowing = run.is_slowing,
	};
	if (run.first_rise != UINT64_MAX)
		ret_curve->began = ret_curve->since = run.first_rise * source->width;
	if (ret_curve->trend == VMT_TREND_PLATEAU)
		ret_curve->since = run.settled * source->width;
	if (ret_curve->trend == VMT_TREND_LEAK)
		measure_leak(&run, ret_curve);
	if (is_in_waves(&run) && is_climbing(&run, POSSIBLE_PAIRS, POSSIBLE_PART)) {
		ret_curve->lows[0] = early_low(&run);
		ret_curve->lows[1] = late_low(&run);
	}
	if (ret_curve->trend != VMT_TREND_PLATEAU) {
		ret_curve->low = run.base < run.peak ? run.base : run.peak;
		ret_curve->high = run.peak;
	}
	return true;
}

const char *vmt_trend_word(enum vmt_trend trend)
{
	static const char *const words[VMT_TREND_COUNT] = {
		[VMT_TREND_NONE] = "none",         [VMT_TREND_SHORT] = "too-short",
		[VMT_TREND_BURST] = "burst",       [VMT_TREND_BURSTS] = "bursts",
		[VMT_TREND_SAWTOOTH] = "sawtooth", [VMT_TREND_GIVEN_BACK] = "given-back",
		[VMT_TREND_PLATEAU] = "plateau",   [VMT_TREND_LEAK] = "leak",
		[VMT_TREND_GROWING] = "growing",   [VMT_TREND_UNEVEN] = "uneven",
	};

	return words[trend < VMT_TREND_COUNT ? trend : VMT_TREND_NONE];
}
