/* SPDX-License-Identifier: MIT */
/*
 * The first pass finds the lowest count in each eighth of the run, and when the count settled. The
 * second pass counts how often the count rose and came back. See trend_run.h.
 */
#include "core/trend/trend_run.h"

#define WINDOWS VMT_CURVE_WINDOWS

/* Returns the bucket at index. In a bucket without a call, the count stays what it was. */
static struct vmt_curve_bucket bucket_at(const struct vmt_trend_run *run, uint64_t index,
					 uint64_t *carry)
{
	struct vmt_curve_bucket bucket;

	if (index >= run->source->buckets ||
	    !run->source->bucket(run->source->context, index, &bucket))
		bucket = (struct vmt_curve_bucket){ *carry, *carry, *carry, 0 };
	*carry = bucket.last;
	return bucket;
}

static bool is_active_at(const struct vmt_trend_run *run, uint64_t index)
{
	struct vmt_curve_bucket bucket;

	return index < run->source->buckets &&
	       run->source->bucket(run->source->context, index, &bucket);
}

static void note_bucket(struct vmt_trend_run *run, const struct vmt_curve_bucket *bucket,
			uint64_t index, uint64_t before)
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
		run->floor_calls[run->window] = run->calls;
	}
	if (bucket->max > run->ceiling[run->window])
		run->ceiling[run->window] = bucket->max;
	if (run->window >= WINDOWS / 2 && bucket->max > before + run->jump)
		run->jump = bucket->max - before;
	run->calls += bucket->calls;
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
static uint64_t until_idle(const struct vmt_trend_run *run)
{
	return run->buckets < run->source->buckets + 1 ? run->buckets : run->source->buckets + 1;
}

/* Of the buckets from `index` on, all with this count, the first of each eighth and the last tell all. */
static void note_idle(struct vmt_trend_run *run, uint64_t index, uint64_t count)
{
	const struct vmt_curve_bucket idle = { count, count, count, 0 };
	uint64_t half = run->source->start + (run->peak - run->source->start) / 2, next;

	for (; index < run->buckets; index = next) {
		note_bucket(run, &idle, index, count);
		next = ((run->window + 1) * run->buckets + WINDOWS - 1) / WINDOWS;
		if (next >= run->buckets && index + 1 < run->buckets)
			next = run->buckets - 1;
		run->above_half += count > half ? 2 * (next - index - 1) : 0;
	}
}

static void first_pass(struct vmt_trend_run *run)
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
static void count_drops(struct vmt_trend_run *run)
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
static void second_pass(struct vmt_trend_run *run)
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

static bool prepare(struct vmt_trend_run *run, const struct vmt_curve_source *source)
{
	*run = (struct vmt_trend_run){
		.source = source,
		.peak = source->peak > source->start ? source->peak : source->start,
		.first_rise = UINT64_MAX,
		.low = source->now,
		.high = source->now,
	};
	for (uint32_t i = 0; i < WINDOWS; i++)
		run->floor[i] = UINT64_MAX;
	if (!source->width || source->buckets > VMT_CURVE_BUCKETS_MAX ||
	    source->width > UINT64_MAX / (VMT_CURVE_BUCKETS_MAX + 1))
		return false;
	/* The source may have more buckets, left over from before they widened. */
	run->buckets = source->duration / source->width + 1;
	return run->buckets <= VMT_CURVE_BUCKETS_MAX;
}

bool vmt_trend_run_read(struct vmt_trend_run *run, const struct vmt_curve_source *source)
{
	if (!prepare(run, source))
		return false;
	first_pass(run);
	second_pass(run);
	count_drops(run);
	return true;
}
