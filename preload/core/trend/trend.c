/* SPDX-License-Identifier: MIT */
/* Judges what is known of a run; see trend.h and trend_run.h. */
#include "core/trend/trend.h"

#include "core/trend/trend_run.h"
#include "core/trend/trend_waves.h"
#include "core/trend/slope.h"

#define WINDOWS VMT_CURVE_WINDOWS
/* Sites have 16 or more; one is lost where a run is judged up to its end only. */
#define LEAST_BUCKETS (2 * WINDOWS - 1)

/* How much the count varies within an eighth of the run: the median of those behind the first quarter. */
static uint64_t noise_of(const struct vmt_trend_run *run)
{
	uint64_t range[WINDOWS];
	uint32_t used = 0;

	for (uint32_t i = WINDOWS / 4; i < WINDOWS; i++) {
		uint64_t own = run->ceiling[i] - run->floor[i];
		uint32_t at = used++;

		for (; at && range[at - 1] > own; at--)
			range[at] = range[at - 1];
		range[at] = own;
	}
	return range[used / 2];
}

/*
 * Does the lowest count rise from each eighth of the run to the next, and not just in one or two
 * steps? A leak does. The first eighth is left out as start-up.
 */
static bool is_rising(const struct vmt_trend_run *run)
{
	uint64_t all = run->floor[WINDOWS - 1] - run->floor[1];
	uint32_t rises = 0;

	if (run->floor[WINDOWS - 1] <= run->floor[1] || (run->is_falling && all < noise_of(run)))
		return false;
	for (uint32_t i = 2; i < WINDOWS; i++)
		rises += run->floor[i] > run->floor[i - 1] &&
			 run->floor[i] - run->floor[i - 1] >= all / (4 * (WINDOWS - 2));
	return rises >= WINDOWS - 3;
}

/* What the lowest count gained from one eighth of the run to a later one. */
static uint64_t gain(const struct vmt_trend_run *run, uint32_t from, uint32_t to)
{
	return run->floor[to] > run->floor[from] ? run->floor[to] - run->floor[from] : 0;
}

/* Did no eighth of the run, from the second on, add more than the one before? */
static bool is_ever_slower(const struct vmt_trend_run *run)
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
 * that begins with a warm-up is steady in the second half. Of growth in a few large steps, such as by a job that
 * runs now and then, one more or less in a quarter tells nothing.
 */
static bool is_slowing(const struct vmt_trend_run *run)
{
	const uint32_t last = WINDOWS - 1, quarter = WINDOWS / 4, middle = WINDOWS / 2;
	uint64_t before = gain(run, last - 2 * quarter, last - quarter);
	uint64_t at_last = gain(run, last - quarter, last);

	if (gain(run, middle, last) * 4 >= gain(run, 1, middle) * 3)
		return false;
	if (!run->drops && run->jump >= before / 4)
		at_last += run->jump;
	return at_last * 10 < before * 7 || (at_last * 10 < before * 9 && is_ever_slower(run));
}

static bool read_run(struct vmt_trend_run *run, const struct vmt_curve_source *source)
{
	if (!vmt_trend_run_read(run, source))
		return false;
	run->is_slowing = is_slowing(run);
	return true;
}

/*
 * What warms up does that, however long it takes; or the last quarter adds less than two thirds of
 * what the quarters since the first eighth did on average.
 */
static bool is_flattening(const struct vmt_trend_run *run)
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
static uint32_t steady_from_one_of(const struct vmt_trend_run *run, uint32_t from, uint32_t last)
{
	for (; from <= last; from++) {
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

static uint32_t steady_from(const struct vmt_trend_run *run)
{
	return steady_from_one_of(run, WINDOWS / 4, WINDOWS / 2 - 1);
}

/* How fast it rises, by the lowest counts of the eighths, each with the bucket it was in. */
static bool measure_floors_from(const struct vmt_trend_run *run, uint32_t from,
				struct vmt_slope *ret_slope)
{
	struct vmt_slope_point lows[WINDOWS];
	uint32_t count = 0;

	for (uint32_t i = from; i < WINDOWS; i++)
		lows[count++] = (struct vmt_slope_point){ run->floor_at[i], run->floor[i] };
	return vmt_slope_of(lows, count, ret_slope);
}

/* The first quarter is left out: it may be a warm-up on top of the leak. */
static bool measure_floors(const struct vmt_trend_run *run, struct vmt_slope *ret_slope)
{
	uint32_t from = steady_from(run);

	return measure_floors_from(run, from ? from : WINDOWS / 4, ret_slope);
}

static bool is_plateau(const struct vmt_trend_run *run)
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
static bool is_flat_after_start(const struct vmt_trend_run *run)
{
	uint64_t before = run->settled * run->source->width, flat;

	if (before > run->source->duration)
		return false;
	flat = run->source->duration - before;
	return (flat >= VMT_TREND_FLAT_NS && flat >= run->source->duration / 4 * 3) ||
	       (run->active_settled >= WINDOWS &&
		run->active_settled >= run->active - run->active / 3);
}

/*
 * The lowest counts of waves, or of noise, may seem to rise steadily by chance, since there are few of them:
 * then some of them rose much faster than others, and all together by less than the count varies.
 */
static bool is_steady(const struct vmt_trend_run *run)
{
	uint32_t from = steady_from(run);
	struct vmt_slope slope;

	if (!from || run->is_slowing)
		return false;
	if (!measure_floors(run, &slope))
		return !vmt_trend_waves_are_there(run);
	return !slope.is_rough ||
	       (!vmt_trend_waves_are_there(run) && gain(run, from, WINDOWS - 1) >= noise_of(run));
}

/* The count rises and falls: this depends on whether its troughs rise. */
static enum vmt_trend of_waves(const struct vmt_trend_run *run)
{
	if (vmt_trend_waves_leak(run))
		return VMT_TREND_LEAK;
	return run->above_half < 2 * run->buckets / 3 ? VMT_TREND_BURSTS : VMT_TREND_SAWTOOTH;
}

static enum vmt_trend trend_of(const struct vmt_trend_run *run)
{
	const struct vmt_curve_source *source = run->source;
	uint64_t rise = run->peak - source->start;
	bool is_back = source->now < source->start + rise / 2;
	bool is_short = source->duration < VMT_TREND_SHORT_NS || run->buckets < LEAST_BUCKETS;

	if (rise < VMT_TREND_SMALL)
		return VMT_TREND_NONE;
	if (is_short && !is_back)
		return is_flat_after_start(run) ? VMT_TREND_PLATEAU : VMT_TREND_SHORT;
	if (is_short && run->buckets >= 2 * WINDOWS && run->times > 2 &&
	    vmt_trend_waves_are_there(run) && of_waves(run) != VMT_TREND_LEAK)
		return of_waves(run);
	if (!is_short && is_steady(run))
		return VMT_TREND_LEAK;
	if (!is_short && vmt_trend_waves_are_there(run))
		return of_waves(run);
	if (is_back)
		return run->above_half > run->buckets ? VMT_TREND_GIVEN_BACK : VMT_TREND_BURST;
	if (is_plateau(run))
		return VMT_TREND_PLATEAU;
	if (is_rising(run) && !is_flattening(run))
		return VMT_TREND_LEAK;
	return source->now + rise / 20 >= run->peak ? VMT_TREND_GROWING : VMT_TREND_UNEVEN;
}

/*
 * When did it begin to rise from a lowest count of `from`, if it did not do so in the first three eighths? It was
 * there for the last time where it is at most `band` above that. In ns.
 */
static uint64_t find_beginning(const struct vmt_trend_run *run, uint64_t from, uint64_t band)
{
	const struct vmt_curve_source *source = run->source;
	struct vmt_curve_bucket bucket;
	uint64_t at = 0;

	for (uint64_t i = 0; i < run->buckets && i < source->buckets; i++) {
		if (source->bucket(source->context, i, &bucket) && bucket.min <= from + band)
			at = i;
	}
	return at * source->width;
}

/* Below waves, or with noise, where it has risen by a tenth tells it, less the time that this took. */
static void find_late_beginning(const struct vmt_trend_run *run, struct vmt_curve *curve)
{
	uint32_t from = steady_from(run);
	uint64_t early, all, band, back;

	if (!run->is_falling) {
		if (from && run->floor[from] <= run->floor[1] + VMT_TREND_RIPPLE)
			curve->since = find_beginning(run, run->floor[from], VMT_TREND_RIPPLE);
		return;
	}
	all = vmt_trend_waves_rise(run, &early);
	band = all / 10;
	if (band < VMT_TREND_RIPPLE || !vmt_trend_waves_are_flat(run, band) || !curve->rise ||
	    __builtin_mul_overflow(band, curve->span / 1000000, &back))
		return;
	back = back / curve->rise * 1000000;
	curve->since = find_beginning(run, early, band);
	curve->since -= back < curve->since ? back : curve->since;
}

/* If the lowest counts of the eighths do not rise, it is measured from trough to trough. */
static void measure_leak(const struct vmt_trend_run *run, struct vmt_curve *curve)
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
	find_late_beginning(run, curve);
}

/*
 * It may be a leak that began late, or a slow one above a warm-up that ended late: if it has risen steadily
 * for the last three eighths of the run, or up to half of it, how fast, and since when?
 */
static void measure_recent(const struct vmt_trend_run *run, struct vmt_curve *curve)
{
	uint32_t from = steady_from_one_of(run, WINDOWS / 2, WINDOWS - 3);
	bool is_plateau = curve->trend == VMT_TREND_PLATEAU;
	struct vmt_slope slope;

	if (!from || (run->is_slowing && !is_plateau) || !measure_floors_from(run, from, &slope))
		return;
	curve->rise = slope.rise;
	curve->span = slope.span * run->source->width;
	curve->is_rough = slope.is_rough;
	if (!is_plateau)
		curve->since = run->floor_at[from] * run->source->width;
}

/*
 * A leak under uneven load is steady by the calls. What only maps is not told from a start-up by that: of
 * ten calls, at least one does not add a map.
 */
static void measure_by_calls(const struct vmt_trend_run *run, struct vmt_curve *curve)
{
	const uint32_t last = WINDOWS - 1, quarter = last - WINDOWS / 4;
	struct vmt_slope_point lows[WINDOWS];
	struct vmt_slope slope;
	uint32_t shift = 0;

	while (run->calls >> shift >> 31)
		shift++;
	for (uint32_t i = 1; i < WINDOWS; i++)
		lows[i - 1] =
			(struct vmt_slope_point){ run->floor_calls[i] >> shift, run->floor[i] };
	if (run->floor_calls[WINDOWS / 2] == run->floor_calls[1] ||
	    !vmt_slope_of(lows, WINDOWS - 1, &slope) || slope.is_rough ||
	    slope.rise * 10 > (slope.span << shift) * 9 ||
	    gain(run, quarter, last) * slope.span * 3 <
		    ((run->floor_calls[last] - run->floor_calls[quarter]) >> shift) * slope.rise *
			    2)
		return;
	curve->step = slope.rise;
	curve->step_calls = slope.span << shift;
}

/* Returns the count at the end of the bucket before this one. */
static uint64_t count_before(const struct vmt_curve_source *source, uint64_t index)
{
	struct vmt_curve_bucket bucket;

	while (index-- > 0) {
		if (source->bucket(source->context, index, &bucket))
			return bucket.last;
	}
	return source->start;
}

/* Returns the last bucket that has the peak; 0: none has it, or the first. */
static uint64_t find_last_peak(const struct vmt_trend_run *run)
{
	const struct vmt_curve_source *source = run->source;
	uint64_t i = run->buckets < source->buckets ? run->buckets : source->buckets;
	struct vmt_curve_bucket bucket;

	while (i-- > 1) {
		if (source->bucket(source->context, i, &bucket) && bucket.max >= run->peak)
			return i;
	}
	return 0;
}

/*
 * If the count fell only when the run was nearly over: did it rise like a leak up to there? Then it may be
 * one, whose maps were given back only because the run ended. If that was only a part of them, such as a cache
 * beside it, the fall has to be later.
 */
static void measure_before_fall(const struct vmt_trend_run *run, struct vmt_curve *curve)
{
	struct vmt_curve_source before = *run->source;
	bool is_partly = curve->trend == VMT_TREND_UNEVEN;
	struct vmt_trend_run part;

	before.buckets = find_last_peak(run);
	if (!before.buckets || before.buckets < run->buckets / 16 * (is_partly ? 15 : 12))
		return;
	before.duration = before.buckets * before.width - 1;
	before.now = before.peak = count_before(&before, before.buckets);
	if (!read_run(&part, &before) || trend_of(&part) != VMT_TREND_LEAK)
		return;
	measure_leak(&part, curve);
	curve->trend = is_partly ? VMT_TREND_UNEVEN : VMT_TREND_GIVEN_BACK;
}

bool vmt_trend_judge(const struct vmt_curve_source *source, struct vmt_curve *ret_curve)
{
	struct vmt_trend_run run;

	if (!read_run(&run, source))
		return false;
	*ret_curve = (struct vmt_curve){
		.trend = trend_of(&run),
		.low = run.low,
		.high = run.high,
		.times = run.times,
		.is_at_peak = source->now + VMT_TREND_RIPPLE >= run.peak,
		.is_falling = run.is_falling,
		.is_slowing = run.is_slowing,
	};
	if (run.first_rise != UINT64_MAX)
		ret_curve->began = ret_curve->since = run.first_rise * source->width;
	if (ret_curve->trend == VMT_TREND_PLATEAU)
		ret_curve->since = run.settled * source->width;
	if (ret_curve->trend == VMT_TREND_LEAK) {
		measure_leak(&run, ret_curve);
		ret_curve->is_doubtful = ret_curve->is_rough && run.is_falling &&
					 gain(&run, 1, WINDOWS - 1) < 2 * noise_of(&run);
	}
	if (ret_curve->trend == VMT_TREND_GROWING || ret_curve->trend == VMT_TREND_PLATEAU)
		measure_recent(&run, ret_curve);
	if (ret_curve->trend == VMT_TREND_GROWING && !ret_curve->span)
		measure_by_calls(&run, ret_curve);
	if (ret_curve->trend == VMT_TREND_GIVEN_BACK || ret_curve->trend == VMT_TREND_BURST ||
	    ret_curve->trend == VMT_TREND_UNEVEN)
		measure_before_fall(&run, ret_curve);
	vmt_trend_waves_find_lows(&run, ret_curve->lows);
	if (ret_curve->trend != VMT_TREND_PLATEAU) {
		ret_curve->low = run.base < run.peak ? run.base : run.peak;
		ret_curve->high = run.peak;
	}
	return true;
}

uint64_t vmt_trend_half(const struct vmt_curve_source *source, uint64_t *ret_maps)
{
	uint64_t start = source->start, peak = source->peak, later = 0;
	uint64_t half = start + (peak > start ? peak - start : 0) / 2;
	struct vmt_curve_bucket bucket;

	*ret_maps = start;
	for (uint64_t i = source->buckets; i-- > 0;) {
		uint64_t time = i * source->width;

		if (time > source->duration || !source->bucket(source->context, i, &bucket))
			continue;
		if (later && bucket.max <= half) {
			*ret_maps = bucket.last;
			return later;
		}
		later = time;
	}
	return 0;
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
