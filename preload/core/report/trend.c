/* SPDX-License-Identifier: MIT */
/*
 * See trend.h. The first pass takes the lowest count in each eighth of the run and finds
 * when the count settled; the second counts how often it went up and came back.
 */
#include "core/report/trend.h"

#define WINDOWS VMT_TREND_WINDOWS

struct vma {
	const struct vmt_curve_source *source;
	uint64_t buckets; /* that the duration covers */
	uint64_t peak;
	uint64_t first_rise; /* bucket in which the count first exceeded the start */
	uint64_t settled; /* first bucket from which on the count stays near its end */
	uint64_t low; /* extremes from there on */
	uint64_t high;
	uint64_t above_half; /* half buckets spent in the upper half of the rise, about */
	uint64_t floor[WINDOWS]; /* lowest count in each eighth of the run */
	bool is_falling;
	/* second pass */
	uint64_t base; /* lowest count after the first quarter */
	uint64_t times; /* that it went up from near the base beyond the middle */
	uint64_t trough[2]; /* lowest count between these: the first, the last… */
	uint64_t trough_at[2]; /* …and the buckets where they were */
};

/* The bucket at index, with the count carried over those in which nothing happened. */
static struct vmt_curve_bucket bucket_at(const struct vma *vma, uint64_t index, uint64_t *carry)
{
	struct vmt_curve_bucket bucket;

	if (index >= vma->source->buckets ||
	    !vma->source->bucket(vma->source->context, index, &bucket))
		bucket.min = bucket.max = bucket.last = *carry;
	*carry = bucket.last;
	return bucket;
}

static void note_bucket(struct vma *vma, const struct vmt_curve_bucket *bucket, uint64_t index,
			uint64_t before)
{
	const struct vmt_curve_source *source = vma->source;
	uint64_t *floor = &vma->floor[index * WINDOWS / vma->buckets];
	uint64_t rise = vma->peak - source->start;
	uint64_t band = rise / 20 > 4 ? rise / 20 : 4;

	if (bucket->min < *floor)
		*floor = bucket->min;
	if (vma->first_rise == UINT64_MAX && bucket->max > source->start)
		vma->first_rise = index;
	if (bucket->min < before && vma->first_rise < index)
		vma->is_falling = true;
	vma->above_half += bucket->max > source->start + rise / 2;
	vma->above_half += bucket->min > source->start + rise / 2;
	if (bucket->max > source->now + band || bucket->min + band < source->now) {
		vma->settled = index + 1;
		vma->low = vma->high = source->now;
	}
	if (vma->settled <= index) {
		vma->low = bucket->min < vma->low ? bucket->min : vma->low;
		vma->high = bucket->max > vma->high ? bucket->max : vma->high;
	}
}

static void first_pass(struct vma *vma)
{
	uint64_t carry = vma->source->start;

	for (uint64_t i = 0; i < vma->buckets; i++) {
		uint64_t before = carry;
		struct vmt_curve_bucket bucket = bucket_at(vma, i, &carry);

		note_bucket(vma, &bucket, i, before);
	}
}

/* [trough] /high\ [trough] /high\: each way up counts, each trough between two of them too. */
static void second_pass(struct vma *vma)
{
	uint64_t rise, carry = vma->source->start, lowest = UINT64_MAX, lowest_at = 0;
	bool is_up = false;

	vma->base = UINT64_MAX;
	for (uint32_t i = WINDOWS / 4; i < WINDOWS; i++)
		vma->base = vma->floor[i] < vma->base ? vma->floor[i] : vma->base;
	rise = vma->peak > vma->base ? vma->peak - vma->base : 0;
	for (uint64_t i = 0; rise && i < vma->buckets; i++) {
		struct vmt_curve_bucket bucket = bucket_at(vma, i, &carry);

		if (!is_up && bucket.max > vma->base + rise / 2) {
			vma->trough[vma->times > 1] = lowest;
			vma->trough_at[vma->times > 1] = lowest_at;
			vma->times++;
			is_up = true;
			lowest = UINT64_MAX;
		}
		if (bucket.last < vma->base + rise / 4)
			is_up = false;
		if (bucket.min < lowest) {
			lowest = bucket.min;
			lowest_at = i;
		}
	}
	/* The first one lies before the first way up: the start-up. */
	if (vma->times > 1 && !is_up) {
		vma->trough[1] = lowest;
		vma->trough_at[1] = lowest_at;
	}
}

static bool prepare(const struct vmt_curve_source *source, struct vma *vma)
{
	*vma = (struct vma){
		.source = source,
		.peak = source->peak > source->start ? source->peak : source->start,
		.first_rise = UINT64_MAX,
		.low = source->now,
		.high = source->now,
	};
	for (uint32_t i = 0; i < WINDOWS; i++)
		vma->floor[i] = UINT64_MAX;
	if (!source->width || source->buckets > VMT_TREND_BUCKETS_MAX ||
	    source->width > UINT64_MAX / (VMT_TREND_BUCKETS_MAX + 1))
		return false;
	/* There may be more, left over from before the buckets widened. */
	vma->buckets = source->duration / source->width + 1;
	return vma->buckets <= VMT_TREND_BUCKETS_MAX;
}

/*
 * The lowest count rises from each eighth of the run to the next, and not in one or two steps:
 * what leaks does that. The first eighth is the start-up.
 */
static bool is_rising(const struct vma *vma)
{
	uint64_t all = vma->floor[WINDOWS - 1] - vma->floor[1];
	uint32_t rises = 0;

	if (vma->floor[WINDOWS - 1] <= vma->floor[1])
		return false;
	for (uint32_t i = 2; i < WINDOWS; i++)
		rises += vma->floor[i] > vma->floor[i - 1] &&
			 vma->floor[i] - vma->floor[i - 1] >= all / (4 * (WINDOWS - 2));
	return rises >= WINDOWS - 3;
}

/*
 * The part of the run from which on the lowest count rises by about as much from each eighth to the
 * next; 0 = there is none of half the run. Less strict on how much it is than is_rising(): a
 * slow leak after a long warm-up, or below bursts, is one. A warm-up rises less and less.
 */
static uint32_t steady_from(const struct vma *vma)
{
	for (uint32_t from = WINDOWS / 4; from <= WINDOWS / 2 - 1; from++) {
		uint64_t all = vma->floor[WINDOWS - 1] - vma->floor[from];
		uint32_t i = from + 1;

		if (vma->floor[WINDOWS - 1] < vma->floor[from] + VMT_TREND_SMALL)
			continue;
		while (i < WINDOWS && vma->floor[i] > vma->floor[i - 1] &&
		       vma->floor[i] - vma->floor[i - 1] >= all * 2 / (3 * (WINDOWS - 1 - from)))
			i++;
		if (i == WINDOWS)
			return from;
	}
	return 0;
}

static bool is_plateau(const struct vma *vma)
{
	uint64_t before = vma->settled * vma->source->width;
	uint64_t duration = vma->source->duration;

	return before <= duration && duration - before >= duration / 4 &&
	       duration - before >= VMT_TREND_SHORT_NS / 2;
}

/* It went up more than once, by what is more than a ripple on a plateau. */
static bool is_in_waves(const struct vma *vma)
{
	return vma->times > 1 && vma->peak - vma->base > (vma->peak - vma->source->start) / 4;
}

/* Of a count that goes up and down: what it comes down to rises or does not. */
static enum vmt_trend of_waves(const struct vma *vma)
{
	uint64_t rise = vma->peak - vma->base;

	if (vma->times > 2 && vma->trough[1] > vma->trough[0] + rise / 4)
		return VMT_TREND_LEAK;
	return vma->above_half < 2 * vma->buckets / 3 ? VMT_TREND_BURSTS : VMT_TREND_SAWTOOTH;
}

static enum vmt_trend trend_of(const struct vma *vma)
{
	const struct vmt_curve_source *source = vma->source;
	uint64_t rise = vma->peak - source->start;
	bool is_back = source->now < source->start + rise / 2;
	bool is_short = source->duration < VMT_TREND_SHORT_NS || vma->buckets < 2 * WINDOWS;

	if (rise < VMT_TREND_SMALL)
		return VMT_TREND_NONE;
	if (is_short && !is_back)
		return VMT_TREND_SHORT;
	if (!is_short && steady_from(vma))
		return VMT_TREND_LEAK;
	if (!is_short && is_in_waves(vma))
		return of_waves(vma);
	if (is_back)
		return vma->above_half > vma->buckets ? VMT_TREND_GIVEN_BACK : VMT_TREND_BURST;
	if (is_plateau(vma))
		return VMT_TREND_PLATEAU;
	if (is_rising(vma))
		return VMT_TREND_LEAK;
	return source->now + rise / 20 >= vma->peak ? VMT_TREND_GROWING : VMT_TREND_UNEVEN;
}

/* The first bucket of an eighth; where the count rises its lowest is there. */
static uint64_t first_bucket(const struct vma *vma, uint32_t window)
{
	return (window * vma->buckets + WINDOWS - 1) / WINDOWS;
}

/* How fast it leaks: by the troughs where there are any, else by the eighths of the run. */
static void measure_leak(const struct vma *vma, struct vmt_curve *curve)
{
	const struct vmt_curve_source *source = vma->source;
	uint32_t from = steady_from(vma);

	/* The first quarter may be a warm-up beside the leak. */
	from = from ? from : WINDOWS / 4;
	curve->rise = vma->floor[WINDOWS - 1] - vma->floor[from];
	curve->span = (first_bucket(vma, WINDOWS - 1) - first_bucket(vma, from)) * source->width;
	if (vma->times < 3 || !is_in_waves(vma) || vma->trough[1] <= vma->trough[0])
		return;
	curve->rise = vma->trough[1] - vma->trough[0];
	curve->span = (vma->trough_at[1] - vma->trough_at[0]) * source->width;
}

bool vmt_trend_judge(const struct vmt_curve_source *source, struct vmt_curve *ret_curve)
{
	struct vma vma;

	if (!prepare(source, &vma))
		return false;
	first_pass(&vma);
	second_pass(&vma);
	*ret_curve = (struct vmt_curve){
		.trend = trend_of(&vma),
		.low = vma.low,
		.high = vma.high,
		.times = vma.times,
		.is_falling = vma.is_falling,
	};
	if (vma.first_rise != UINT64_MAX)
		ret_curve->began = ret_curve->since = vma.first_rise * source->width;
	if (ret_curve->trend == VMT_TREND_PLATEAU)
		ret_curve->since = vma.settled * source->width;
	if (ret_curve->trend == VMT_TREND_LEAK)
		measure_leak(&vma, ret_curve);
	if (ret_curve->trend != VMT_TREND_PLATEAU) {
		ret_curve->low = vma.base < vma.peak ? vma.base : vma.peak;
		ret_curve->high = vma.peak;
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
