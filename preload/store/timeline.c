/* SPDX-License-Identifier: MIT */
/*
 * record.h explains what a bucket is and where it lies (struct vmt_rec_bucket, struct
 * vmt_rec_site_time). See timeline.h.
 */
#include "store/timeline.h"

#include "core/trend/trend.h"
#include "store/recording.h"

static bool is_odd_width(uint64_t bucket_ns)
{
	return __builtin_ctzll(bucket_ns / VMT_TIMELINE_NS) & 1;
}

/* Returns the first bucket of the timeline with buckets of this width. */
static uint64_t first_of(uint64_t bucket_ns)
{
	return is_odd_width(bucket_ns) ? VMT_TIMELINE_BUCKETS : 0;
}

static uint32_t sum_of(uint32_t a, uint32_t b)
{
	return a + b < a ? UINT32_MAX : a + b;
}

static struct vmt_rec_bucket merge(struct vmt_rec_bucket a, struct vmt_rec_bucket b)
{
	if (a.max == 0)
		return b;
	if (b.max == 0)
		return a;
	return (struct vmt_rec_bucket){ .min = a.min < b.min ? a.min : b.min,
					.max = a.max > b.max ? a.max : b.max,
					.last = b.last,
					.calls = sum_of(a.calls, b.calls) };
}

/*
 * The wider timeline is made beside the narrower one, which stays valid until the width is stored.
 */
static bool halve(struct vmt_state *state)
{
	uint64_t width = state->counters.bucket_ns;
	const struct vmt_rec_bucket *from = vmt_recording_element(
		state, VMT_SECTION_TIMELINE, first_of(width), VMT_TIMELINE_BUCKETS);
	struct vmt_rec_bucket *to = vmt_recording_element(
		state, VMT_SECTION_TIMELINE, first_of(2 * width), VMT_TIMELINE_BUCKETS);

	if (!from || !to)
		return false;
	for (uint64_t i = 0; i < VMT_TIMELINE_BUCKETS / 2; i++) {
		to[i] = merge(from[2 * i], from[2 * i + 1]);
		to[i + VMT_TIMELINE_BUCKETS / 2] = (struct vmt_rec_bucket){ 0 };
	}
	vmt_recording_kill_point(state);
	state->counters.bucket_ns = 2 * width;
	__atomic_store_n(&state->recording.header->bucket_ns, 2 * width, __ATOMIC_RELEASE);
	vmt_recording_kill_point(state);
	return true;
}

/*
 * Begin the bucket that contains this time. It is used until its end, so that there is one division
 * for each bucket and not for each call.
 */
static bool begin_bucket(struct vmt_state *state, uint64_t time)
{
	uint64_t width;

	state->publish.bucket_end = 0;
	while (time / state->counters.bucket_ns >= VMT_TIMELINE_BUCKETS)
		if (!halve(state))
			return false;
	width = state->counters.bucket_ns;
	state->publish.bucket = vmt_recording_element(state, VMT_SECTION_TIMELINE,
						      first_of(width) + time / width, 1);
	if (!state->publish.bucket)
		return false;
	state->publish.bucket_end = (time / width + 1) * width;
	return true;
}

inline void vmt_timeline_tick(struct vmt_state *state, uint64_t time)
{
	uint32_t now = (uint32_t)state->counters.maps_now;
	struct vmt_rec_bucket *at;

	if (!state->recording.base ||
	    (VMT_UNLIKELY(time >= state->publish.bucket_end) && !begin_bucket(state, time)))
		return;
	at = state->publish.bucket;
	if (at->max == 0 || now < at->min)
		at->min = now;
	at->last = now;
	at->calls = sum_of(at->calls, 1);
	vmt_recording_kill_point(state);
	if (now > at->max) /* max is set last, since it makes the bucket valid */
		__atomic_store_n(&at->max, now, __ATOMIC_RELEASE);
}

static bool bucket_at(const void *context, uint64_t index, struct vmt_curve_bucket *ret_bucket)
{
	const struct vmt_rec_bucket *at = (const struct vmt_rec_bucket *)context + index;

	*ret_bucket = (struct vmt_curve_bucket){ at->min, at->max, at->last, at->calls };
	return at->max != 0;
}

uint64_t vmt_timeline_half(struct vmt_state *state, uint64_t *ret_maps)
{
	const struct vmt_rec_header *header = &state->counters;
	struct vmt_curve_source source = {
		.bucket = bucket_at,
		.width = header->bucket_ns,
		.duration = UINT64_MAX,
		.start = header->maps_start,
		.peak = header->maps_now,
	};

	if (state->recording.base)
		source.context = vmt_recording_element(
			state, VMT_SECTION_TIMELINE, first_of(source.width), VMT_TIMELINE_BUCKETS);
	source.buckets = source.context ? VMT_TIMELINE_BUCKETS : 0;
	return vmt_trend_half(&source, ret_maps);
}

static struct vmt_rec_site_bucket merge_site(struct vmt_rec_site_bucket a,
					     struct vmt_rec_site_bucket b)
{
	if (a.max == 0)
		return b;
	if (b.max == 0)
		return a;
	return (struct vmt_rec_site_bucket){ .first = a.first,
					     .min = a.min < b.min ? a.min : b.min,
					     .max = a.max > b.max ? a.max : b.max };
}

static void halve_site(struct vmt_rec_site_time *row)
{
	for (uint32_t i = 0; i < VMT_SITE_BUCKETS / 2; i++)
		row->bucket[i] = merge_site(row->bucket[2 * i], row->bucket[2 * i + 1]);
	for (uint32_t i = VMT_SITE_BUCKETS / 2; i < VMT_SITE_BUCKETS; i++)
		row->bucket[i] = (struct vmt_rec_site_bucket){ 0 };
	row->shift++;
}

static uint64_t width_of(const struct vmt_rec_site_time *row)
{
	return VMT_SITE_TIME_NS << row->shift;
}

/* A bucket begins with the site's present value. */
static void enter_bucket(struct vmt_site *site, struct vmt_rec_site_bucket *at, uint64_t end)
{
	uint32_t live = (uint32_t)site->live;

	if (at->max == 0)
		*at = (struct vmt_rec_site_bucket){ live, live, live };
	site->low = at->min;
	site->high = at->max;
	site->bucket_end = end;
}

/* Use the bucket in the site's record, as long as the site has changed in this one only. */
static bool enter_only(struct vmt_state *state, struct vmt_site *site, struct vmt_rec_site *record,
		       uint64_t time)
{
	uint64_t index = time / VMT_SITE_TIME_NS;

	if (site->time_row || index > UINT32_MAX || (record->only.max && record->only_at != index))
		return false;
	vmt_recording_begin(state, &record->seq);
	record->only_at = (uint32_t)index;
	enter_bucket(site, &record->only, (index + 1) * VMT_SITE_TIME_NS);
	vmt_recording_end(state, &record->seq);
	return true;
}

static struct vmt_rec_site_time *row_of(struct vmt_state *state, const struct vmt_site *site)
{
	return site->time_row ? vmt_recording_element(state, VMT_SECTION_SITE_ROWS,
						      site->time_row - UINT64_C(1), 1) :
				NULL;
}

/* The row starts with what was the only bucket, and is complete before the site names it. */
static struct vmt_rec_site_time *make_row(struct vmt_state *state, struct vmt_site *site,
					  struct vmt_rec_site *record)
{
	uint64_t index = state->counters.section[VMT_SECTION_SITE_ROWS].used;
	struct vmt_rec_site_time *row =
		vmt_recording_element(state, VMT_SECTION_SITE_ROWS, index, 1);

	if (!row)
		return NULL;
	vmt_rec_site_time_begin(row, record);
	vmt_recording_begin(state, &record->seq);
	site->time_row = record->time_row = (uint32_t)index + 1;
	vmt_recording_end(state, &record->seq);
	return row;
}

static void enter_row(struct vmt_state *state, struct vmt_site *site, struct vmt_rec_site_time *row,
		      uint64_t time)
{
	uint64_t index;

	vmt_recording_begin(state, &row->seq);
	while (time / width_of(row) >= VMT_SITE_BUCKETS)
		halve_site(row);
	index = time / width_of(row);
	enter_bucket(site, &row->bucket[index], (index + 1) * width_of(row));
	vmt_recording_end(state, &row->seq);
}

static void enter(struct vmt_state *state, struct vmt_site *site, uint64_t time)
{
	struct vmt_rec_site *record = vmt_recording_element(state, VMT_SECTION_SITES, site->id, 1);
	struct vmt_rec_site_time *row = row_of(state, site);

	if (record && enter_only(state, site, record, time))
		return;
	if (record && !row)
		row = make_row(state, site, record);
	if (row) {
		enter_row(state, site, row, time);
		return;
	}
	/* Without room for it, look again in a second. */
	site->low = 0;
	site->high = UINT32_MAX;
	site->bucket_end = time + 1000000000;
}

/* The bucket that the site is in, whose end is bucket_end. */
static struct vmt_rec_site_bucket *bucket_of(struct vmt_state *state, const struct vmt_site *site)
{
	struct vmt_rec_site_time *row = row_of(state, site);
	struct vmt_rec_site *record;

	if (row)
		return site->bucket_end < width_of(row) ?
			       NULL :
			       &row->bucket[(site->bucket_end / width_of(row) - 1) %
					    VMT_SITE_BUCKETS];
	record = vmt_recording_element(state, VMT_SECTION_SITES, site->id, 1);
	return record && site->bucket_end == (record->only_at + UINT64_C(1)) * VMT_SITE_TIME_NS ?
		       &record->only :
		       NULL;
}

static void widen(struct vmt_state *state, struct vmt_site *site)
{
	struct vmt_rec_site_bucket *at = bucket_of(state, site);

	if (!at)
		return;
	if (site->live < site->low)
		at->min = site->low = (uint32_t)site->live;
	if (site->live > site->high)
		at->max = site->high = (uint32_t)site->live;
}

inline void vmt_timeline_before(struct vmt_state *state, struct vmt_site *site, uint64_t time)
{
	if (VMT_UNLIKELY(time >= site->bucket_end))
		enter(state, site, time);
}

inline void vmt_timeline_after(struct vmt_state *state, struct vmt_site *site)
{
	if (VMT_UNLIKELY(site->live < site->low || site->live > site->high))
		widen(state, site);
}
