/* SPDX-License-Identifier: MIT */
/*
 * See trend.h. The first pass takes the lowest count in each eighth of the run and finds
 * when the count settled; the second counts how often it went up and came back.
 */
#include "core/report/trend.h"

#define WINDOWS VMT_COURSE_WINDOWS

struct look {
	const struct vmt_course_source *source;
	uint64_t buckets;	/* that the duration covers */
	uint64_t peak;
	uint64_t first_rise;	/* bucket in which the count first exceeded the start */
	uint64_t settled;	/* first bucket from which on the count stays near its end */
	uint64_t low;		/* extremes from there on */
	uint64_t high;
	uint64_t above_half;	/* half buckets spent in the upper half of the rise, about */
	uint64_t floor[WINDOWS];	/* lowest count in each eighth of the run */
	bool is_falling;
	/* second pass */
	uint64_t base;	/* lowest count after the first quarter */
	uint64_t times;	/* that it went up from near the base beyond the middle */
	uint64_t trough[2];	/* lowest count between these: the first, the last… */
	uint64_t trough_at[2];	/* …and the buckets where they were */
};

/* The bucket at index, with the count carried over those in which nothing happened. */
static struct vmt_course_bucket bucket_at(const struct look *look, uint64_t index, uint64_t *carry)
{
	struct vmt_course_bucket bucket;

	if (index >= look->source->buckets ||
	    !look->source->bucket(look->source->context, index, &bucket))
		bucket.min = bucket.max = bucket.last = *carry;
	*carry = bucket.last;
	return bucket;
}

static void note_bucket(struct look *look, const struct vmt_course_bucket *bucket, uint64_t index,
			uint64_t before)
{
	const struct vmt_course_source *source = look->source;
	uint64_t *floor = &look->floor[index * WINDOWS / look->buckets];
	uint64_t rise = look->peak - source->start;
	uint64_t band = rise / 20 > 4 ? rise / 20 : 4;

	if (bucket->min < *floor)
		*floor = bucket->min;
	if (look->first_rise == UINT64_MAX && bucket->max > source->start)
		look->first_rise = index;
	if (bucket->min < before && look->first_rise < index)
		look->is_falling = true;
	look->above_half += bucket->max > source->start + rise / 2;
	look->above_half += bucket->min > source->start + rise / 2;
	if (bucket->max > source->now + band || bucket->min + band < source->now) {
		look->settled = index + 1;
		look->low = look->high = source->now;
	}
	if (look->settled <= index) {
		look->low = bucket->min < look->low ? bucket->min : look->low;
		look->high = bucket->max > look->high ? bucket->max : look->high;
	}
}

static void first_pass(struct look *look)
{
	uint64_t carry = look->source->start;

	for (uint64_t i = 0; i < look->buckets; i++) {
		uint64_t before = carry;
		struct vmt_course_bucket bucket = bucket_at(look, i, &carry);

		note_bucket(look, &bucket, i, before);
	}
}

/* [trough] /high\ [trough] /high\: each way up counts, each trough between two of them too. */
static void second_pass(struct look *look)
{
	uint64_t rise, carry = look->source->start, lowest = UINT64_MAX, lowest_at = 0;
	bool is_up = false;

	look->base = UINT64_MAX;
	for (uint32_t i = WINDOWS / 4; i < WINDOWS; i++)
		look->base = look->floor[i] < look->base ? look->floor[i] : look->base;
	rise = look->peak > look->base ? look->peak - look->base : 0;
	for (uint64_t i = 0; rise && i < look->buckets; i++) {
		struct vmt_course_bucket bucket = bucket_at(look, i, &carry);

		if (!is_up && bucket.max > look->base + rise / 2) {
			look->trough[look->times > 1] = lowest;
			look->trough_at[look->times > 1] = lowest_at;
			look->times++;
			is_up = true;
			lowest = UINT64_MAX;
		}
		if (bucket.last < look->base + rise / 4)
			is_up = false;
		if (bucket.min < lowest) {
			lowest = bucket.min;
			lowest_at = i;
		}
	}
	/* The first one lies before the first way up: the start-up. */
	if (look->times > 1 && !is_up) {
		look->trough[1] = lowest;
		look->trough_at[1] = lowest_at;
	}
}

static bool prepare(const struct vmt_course_source *source, struct look *look)
{
	*look = (struct look){
		.source = source,
		.peak = source->peak > source->start ? source->peak : source->start,
		.first_rise = UINT64_MAX,
		.low = source->now,
		.high = source->now,
	};
	for (uint32_t i = 0; i < WINDOWS; i++)
		look->floor[i] = UINT64_MAX;
	if (!source->width || source->buckets > VMT_COURSE_BUCKETS_MAX ||
	    source->width > UINT64_MAX / (VMT_COURSE_BUCKETS_MAX + 1))
		return false;
	/* There may be more, left over from before the buckets widened. */
	look->buckets = source->duration / source->width + 1;
	return look->buckets <= VMT_COURSE_BUCKETS_MAX;
}

/*
 * The lowest count rises from each eighth of the run to the next, and not in one or two steps:
 * what leaks does that. The first eighth is the start-up.
 */
static bool is_rising(const struct look *look)
{
	uint64_t all = look->floor[WINDOWS - 1] - look->floor[1];
	uint32_t rises = 0;

	if (look->floor[WINDOWS - 1] <= look->floor[1])
		return false;
	for (uint32_t i = 2; i < WINDOWS; i++)
		rises += look->floor[i] > look->floor[i - 1] &&
			 look->floor[i] - look->floor[i - 1] >= all / (4 * (WINDOWS - 2));
	return rises >= WINDOWS - 3;
}

/*
 * The part of the run from which on the lowest count rises by about as much from each eighth to the
 * next; 0 = there is none of half the run. Less strict on how much it is than is_rising(): a
 * slow leak after a long warm-up, or below bursts, is one. A warm-up rises less and less.
 */
static uint32_t steady_from(const struct look *look)
{
	for (uint32_t from = WINDOWS / 4; from <= WINDOWS / 2 - 1; from++) {
		uint64_t all = look->floor[WINDOWS - 1] - look->floor[from];
		uint32_t i = from + 1;

		if (look->floor[WINDOWS - 1] < look->floor[from] + VMT_COURSE_SMALL)
			continue;
		while (i < WINDOWS && look->floor[i] > look->floor[i - 1] &&
		       look->floor[i] - look->floor[i - 1] >= all * 2 / (3 * (WINDOWS - 1 - from)))
			i++;
		if (i == WINDOWS)
			return from;
	}
	return 0;
}

static bool is_plateau(const struct look *look)
{
	uint64_t before = look->settled * look->source->width;
	uint64_t duration = look->source->duration;

	return before <= duration && duration - before >= duration / 4 &&
	       duration - before >= VMT_COURSE_SHORT_NS / 2;
}

/* It went up more than once, by what is more than a ripple on a plateau. */
static bool is_in_waves(const struct look *look)
{
	return look->times > 1 && look->peak - look->base > (look->peak - look->source->start) / 4;
}

/* Of a count that goes up and down: what it comes down to rises or does not. */
static enum vmt_trend of_waves(const struct look *look)
{
	uint64_t rise = look->peak - look->base;

	if (look->times > 2 && look->trough[1] > look->trough[0] + rise / 4)
		return VMT_TREND_LEAK;
	return look->above_half < 2 * look->buckets / 3 ? VMT_TREND_BURSTS : VMT_TREND_SAWTOOTH;
}

static enum vmt_trend trend_of(const struct look *look)
{
	const struct vmt_course_source *source = look->source;
	uint64_t rise = look->peak - source->start;
	bool is_back = source->now < source->start + rise / 2;
	bool is_short = source->duration < VMT_COURSE_SHORT_NS || look->buckets < 2 * WINDOWS;

	if (rise < VMT_COURSE_SMALL)
		return VMT_TREND_NONE;
	if (is_short && !is_back)
		return VMT_TREND_SHORT;
	if (!is_short && steady_from(look))
		return VMT_TREND_LEAK;
	if (!is_short && is_in_waves(look))
		return of_waves(look);
	if (is_back)
		return look->above_half > look->buckets ? VMT_TREND_GIVEN_BACK :
							      VMT_TREND_BURST;
	if (is_plateau(look))
		return VMT_TREND_PLATEAU;
	if (is_rising(look))
		return VMT_TREND_LEAK;
	return source->now + rise / 20 >= look->peak ? VMT_TREND_GROWING : VMT_TREND_UNEVEN;
}

/* The first bucket of an eighth; where the count rises its lowest is there. */
static uint64_t first_bucket(const struct look *look, uint32_t window)
{
	return (window * look->buckets + WINDOWS - 1) / WINDOWS;
}

/* How fast it leaks: by the troughs where there are any, else by the eighths of the run. */
static void measure_leak(const struct look *look, struct vmt_course *course)
{
	const struct vmt_course_source *source = look->source;
	uint32_t from = steady_from(look);

	/* The first quarter may be a warm-up beside the leak. */
	from = from ? from : WINDOWS / 4;
	course->rise = look->floor[WINDOWS - 1] - look->floor[from];
	course->span = (first_bucket(look, WINDOWS - 1) - first_bucket(look, from)) * source->width;
	if (look->times < 3 || !is_in_waves(look) || look->trough[1] <= look->trough[0])
		return;
	course->rise = look->trough[1] - look->trough[0];
	course->span = (look->trough_at[1] - look->trough_at[0]) * source->width;
}

bool vmt_course_judge(const struct vmt_course_source *source, struct vmt_course *ret_course)
{
	struct look look;

	if (!prepare(source, &look))
		return false;
	first_pass(&look);
	second_pass(&look);
	*ret_course = (struct vmt_course){
		.trend = trend_of(&look),
		.low = look.low,
		.high = look.high,
		.times = look.times,
		.is_falling = look.is_falling,
	};
	if (look.first_rise != UINT64_MAX)
		ret_course->began = ret_course->since = look.first_rise * source->width;
	if (ret_course->trend == VMT_TREND_PLATEAU)
		ret_course->since = look.settled * source->width;
	if (ret_course->trend == VMT_TREND_LEAK)
		measure_leak(&look, ret_course);
	if (ret_course->trend != VMT_TREND_PLATEAU) {
		ret_course->low = look.base < look.peak ? look.base : look.peak;
		ret_course->high = look.peak;
	}
	return true;
}

const char *vmt_course_word(enum vmt_trend trend)
{
	static const char *const words[VMT_TREND_COUNT] = {
		[VMT_TREND_NONE] = "none",	 [VMT_TREND_SHORT] = "too-short",
		[VMT_TREND_BURST] = "burst",	 [VMT_TREND_BURSTS] = "bursts",
		[VMT_TREND_SAWTOOTH] = "sawtooth", [VMT_TREND_GIVEN_BACK] = "given-back",
		[VMT_TREND_PLATEAU] = "plateau", [VMT_TREND_LEAK] = "leak",
		[VMT_TREND_GROWING] = "growing", [VMT_TREND_UNEVEN] = "uneven",
	};

	return words[trend < VMT_TREND_COUNT ? trend : VMT_TREND_NONE];
}
