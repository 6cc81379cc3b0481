/* SPDX-License-Identifier: MIT */
/*
 * record.h explains what a bucket is and where it lies (struct vmt_rec_bucket, struct
 * vmt_rec_site_time). See timeline.h.
 */
#include "store/timeline.h"

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

static struct vmt_rec_bucket merge(struct vmt_rec_bucket a, struct vmt_rec_bucket b)
{
	if (a.max == 0)
		return b;
	if (b.max == 0)
		return a;
	return (struct vmt_rec_bucket){ .min = a.min < b.min ? a.min : b.min,
					.max = a.max > b.max ? a.max : b.max,
					.last = b.last };
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
bool vmt_timeline_begin(struct vmt_state *state, uint64_t time)
{
	uint64_t width;

	state->tick_end = 0;
	while (time / state->counters.bucket_ns >= VMT_TIMELINE_BUCKETS)
		if (!halve(state))
			return false;
	width = state->counters.bucket_ns;
	state->tick_at = vmt_recording_element(state, VMT_SECTION_TIMELINE,
					       first_of(width) + time / width, 1);
	if (!state->tick_at)
		return false;
	state->tick_end = (time / width + 1) * width;
	return true;
}

static struct vmt_rec_site_bucket join_site(struct vmt_rec_site_bucket a,
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
		row->bucket[i] = join_site(row->bucket[2 * i], row->bucket[2 * i + 1]);
	for (uint32_t i = VMT_SITE_BUCKETS / 2; i < VMT_SITE_BUCKETS; i++)
		row->bucket[i] = (struct vmt_rec_site_bucket){ 0 };
	row->shift++;
}

static uint64_t width_of(const struct vmt_rec_site_time *row)
{
	return VMT_SITE_TIME_NS << row->shift;
}

/* A bucket begins with the site's present value. */
void vmt_timeline_enter(struct vmt_state *state, struct vmt_site *site)
{
	struct vmt_rec_site_time *row =
		vmt_recording_element(state, VMT_SECTION_SITE_TIMES, site->id, 1);
	struct vmt_rec_site_bucket *at;
	uint32_t live = (uint32_t)site->live;

	if (!row) { /* without room for it, look again in a second */
		site->low = 0;
		site->high = UINT32_MAX;
		site->bucket_end = state->call_time + 1000000000;
		return;
	}
	vmt_recording_begin(state, &row->seq);
	while (state->call_time / width_of(row) >= VMT_SITE_BUCKETS)
		halve_site(row);
	at = &row->bucket[state->call_time / width_of(row)];
	if (at->max == 0)
		*at = (struct vmt_rec_site_bucket){ live, live, live };
	vmt_recording_end(state, &row->seq);
	site->low = at->min;
	site->high = at->max;
	site->bucket_end = (state->call_time / width_of(row) + 1) * width_of(row);
}

void vmt_timeline_widen(struct vmt_state *state, struct vmt_site *site)
{
	struct vmt_rec_site_time *row =
		vmt_recording_element(state, VMT_SECTION_SITE_TIMES, site->id, 1);
	struct vmt_rec_site_bucket *at;

	if (!row || site->bucket_end < width_of(row))
		return;
	at = &row->bucket[(site->bucket_end / width_of(row) - 1) % VMT_SITE_BUCKETS];
	if (site->live < site->low)
		at->min = site->low = (uint32_t)site->live;
	if (site->live > site->high)
		at->max = site->high = (uint32_t)site->live;
}
