/* SPDX-License-Identifier: MIT */
/*
 * Leak, burst or plateau: one line of the text report, judged from the timeline. Where
 * the run was too short or the count too small to judge, it says so or says
 * nothing. Pure like the rest (text.h): a few passes over at most 1,024 buckets.
 */
#include "text_parts.h"

#define SECOND	 UINT64_C(1000000000)
#define WINDOWS	 8u
#define SMALL	 16u		/* maps; less than that is no growth worth a word */
#define SHORT_NS (2 * SECOND)	/* a shorter run shows its start-up and nothing else */
#define BUCKETS_MAX 65536u

/* The count of maps over the run, and what follows from it. */
struct course {
	const struct vmt_text *text;
	uint64_t start;
	uint64_t now;
	uint64_t peak;
	uint64_t duration;	/* ns */
	uint64_t width;		/* of a bucket, ns */
	uint64_t buckets;	/* that the duration covers */
	uint64_t first_rise;	/* bucket in which the count first exceeded the start */
	uint64_t settled;	/* first bucket from which on the count stays near its end */
	uint64_t low;		/* extremes from there on */
	uint64_t high;
	uint64_t above_half;	/* buckets spent in the upper half of the rise */
	uint64_t floor[WINDOWS];	/* lowest count in each eighth of the run */
	bool is_falling;	/* fell at some time after the first rise */
};

/* The bucket at index, with the count carried over those in which nothing happened. */
static struct vmt_rec_bucket bucket_at(const struct course *course, uint64_t index, uint64_t *carry)
{
	struct vmt_rec_bucket bucket;

	if (!vmt_view_bucket(course->text->view, index, &bucket))
		bucket.min = bucket.max = bucket.last = (uint32_t)*carry;
	*carry = bucket.last;
	return bucket;
}

static void note_bucket(struct course *course, const struct vmt_rec_bucket *bucket, uint64_t index,
			uint64_t before)
{
	uint64_t *floor = &course->floor[index * WINDOWS / course->buckets];
	uint64_t rise = course->peak - course->start;
	uint64_t band = rise / 20 > 4 ? rise / 20 : 4;

	if (bucket->min < *floor)
		*floor = bucket->min;
	if (course->first_rise == UINT64_MAX && bucket->max > course->start)
		course->first_rise = index;
	if (bucket->min < before && course->first_rise < index)
		course->is_falling = true;
	if (bucket->min > course->start + rise / 2)
		course->above_half++;
	if (bucket->max > course->now + band || bucket->min + band < course->now) {
		course->settled = index + 1;
		course->low = course->high = course->now;
	}
	if (course->settled <= index) {
		course->low = bucket->min < course->low ? bucket->min : course->low;
		course->high = bucket->max > course->high ? bucket->max : course->high;
	}
}

static bool read_course(const struct vmt_text *text, struct course *course)
{
	const struct vmt_rec_header *header = &text->view->header;
	uint64_t end = header->end_monotonic ? header->end_monotonic : text->options->now;
	uint64_t carry = header->maps_start;

	*course = (struct course){
		.text = text,
		.start = header->maps_start,
		.now = text->maps_now,
		.peak = header->maps_peak > header->maps_start ? header->maps_peak :
								 header->maps_start,
		.width = header->bucket_ns,
		.first_rise = UINT64_MAX,
		.low = text->maps_now,
		.high = text->maps_now,
	};
	for (uint32_t i = 0; i < WINDOWS; i++)
		course->floor[i] = UINT64_MAX;
	course->buckets = vmt_view_bucket_count(text->view);
	if (!course->width || course->buckets > BUCKETS_MAX ||
	    course->width > UINT64_MAX / (BUCKETS_MAX + 1))
		return false;
	course->duration = course->buckets * course->width;
	if (end > header->start_monotonic)
		course->duration = end - header->start_monotonic;
	if (course->duration / course->width + 1 > course->buckets)
		course->buckets = course->duration / course->width + 1;
	if (course->buckets > BUCKETS_MAX)
		return false;
	for (uint64_t i = 0; i < course->buckets; i++) {
		uint64_t before = carry;
		struct vmt_rec_bucket bucket = bucket_at(course, i, &carry);

		note_bucket(course, &bucket, i, before);
	}
	return true;
}

/* The lowest count rises from each part of the run to the next: what leaks does that. */
static bool is_rising(const struct course *course)
{
	uint32_t rises = 0;

	for (uint32_t i = 2; i < WINDOWS; i++)
		rises += course->floor[i] > course->floor[i - 1];
	return rises >= WINDOWS - 3 && course->floor[WINDOWS - 1] > course->floor[1];
}

/* "+5,103 a second", or per minute or hour where that is little; returns maps a second. */
static uint64_t put_rate(struct vmt_fmt *fmt, uint64_t maps, uint64_t ns)
{
	static const struct {
		uint64_t seconds;
		const char *word;
	} units[] = { { 1, " a second" }, { 60, " a minute" }, { 3600, " an hour" } };
	uint64_t rate = 0;

	for (size_t i = 0; i < VMT_COUNT(units); i++) {
		uint64_t ms = ns / 1000000 ? ns / 1000000 : 1;

		if (__builtin_mul_overflow(maps, 1000 * units[i].seconds, &rate))
			return 0;
		rate /= ms;
		if (rate < 10 && i + 1 < VMT_COUNT(units))
			continue;
		vmt_fmt_signed(fmt, (int64_t)rate, 0);
		vmt_fmt_str(fmt, units[i].word);
		return rate / units[i].seconds;
	}
	return 0;
}

static void put_since(struct vmt_fmt *fmt, const struct course *course, uint64_t bucket)
{
	vmt_fmt_str(fmt, " since ");
	vmt_fmt_seconds(fmt, bucket == UINT64_MAX ? 0 : bucket * course->width);
}

static void put_leak(struct vmt_fmt *fmt, const struct course *course)
{
	const struct vmt_rec_header *header = &course->text->view->header;
	uint64_t rise = course->floor[WINDOWS - 1] - course->floor[1];
	uint64_t all = course->now + header->maps_own;
	uint64_t rate;

	vmt_fmt_str(fmt, "a leak, ");
	rate = put_rate(fmt, rise, course->duration / WINDOWS * (WINDOWS - 2));
	put_since(fmt, course, course->first_rise);
	vmt_fmt_str(fmt, course->is_falling ? ", falling at times" : ", never falling");
	if (header->end != VMT_END_RUNNING || course->text->options->is_gone || !rate ||
	    header->maps_limit <= all)
		return;
	vmt_fmt_str(fmt, "; at this rate the limit is reached in ");
	vmt_fmt_num(fmt, (header->maps_limit - all) / rate, 0);
	vmt_fmt_str(fmt, " s");
}

static void put_to_limit(struct vmt_fmt *fmt, const struct course *course)
{
	uint64_t from = course->first_rise == UINT64_MAX ? 0 : course->first_rise * course->width;
	uint64_t to = course->text->view->header.maps_peak_time;

	vmt_fmt_str(fmt, "up to the limit, ");
	put_rate(fmt, course->peak - course->start, to > from ? to - from : course->width);
	put_since(fmt, course, course->first_rise);
	if (!course->is_falling)
		vmt_fmt_str(fmt, ", never falling");
}

static void put_peak(struct vmt_fmt *fmt, const struct course *course)
{
	vmt_fmt_str(fmt, "peak ");
	vmt_fmt_num(fmt, course->peak, 0);
	vmt_fmt_str(fmt, " at ");
	vmt_fmt_seconds(fmt, course->text->view->header.maps_peak_time);
	vmt_fmt_str(fmt, ", ");
	vmt_fmt_num(fmt, course->now, 0);
	vmt_fmt_str(fmt, " now");
}

static void put_between(struct vmt_fmt *fmt, uint64_t low, uint64_t high)
{
	if (low == high) {
		vmt_fmt_str(fmt, ", no change");
		return;
	}
	vmt_fmt_str(fmt, ", between ");
	vmt_fmt_num(fmt, low, 0);
	vmt_fmt_str(fmt, " and ");
	vmt_fmt_num(fmt, high, 0);
}

static bool is_plateau(const struct course *course)
{
	uint64_t before = course->settled * course->width;

	return before <= course->duration && course->duration - before >= course->duration / 2;
}

static void put_course(struct vmt_fmt *fmt, const struct course *course)
{
	uint64_t rise = course->peak - course->start;

	if (vmt_text_is_limit_reached(course->text->view)) {
		put_to_limit(fmt, course);
	} else if (rise >= SMALL && course->now < course->start + rise / 2) {
		vmt_fmt_str(fmt, course->above_half > course->buckets / 2 ?
					 "high for most of the run, then given back: " :
					 "a burst: ");
		put_peak(fmt, course);
	} else if (course->duration < SHORT_NS || course->buckets < 2 * WINDOWS) {
		vmt_fmt_str(fmt, "too short a run to tell a leak from starting up");
	} else if (is_plateau(course)) {
		vmt_fmt_str(fmt, "a plateau");
		put_since(fmt, course, course->settled);
		put_between(fmt, course->low, course->high);
	} else if (is_rising(course)) {
		put_leak(fmt, course);
	} else {
		vmt_fmt_str(fmt, "up and down, with no steady growth; ");
		put_peak(fmt, course);
	}
}

void vmt_text_growth(struct vmt_text *text)
{
	struct course course;
	int64_t growth;

	if (!read_course(text, &course))
		return;
	growth = (int64_t)(course.now - course.start);
	if (course.peak - course.start < SMALL && !text->options->verbose)
		return;
	vmt_fmt_str(&text->fmt, "  growth  ");
	vmt_fmt_signed(&text->fmt, growth, 0);
	vmt_fmt_str(&text->fmt, ": ");
	put_course(&text->fmt, &course);
	vmt_fmt_wrap(&text->fmt, 10);
}
