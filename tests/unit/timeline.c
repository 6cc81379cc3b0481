/* SPDX-License-Identifier: MIT */
/*
 * Timelines with random counts, over milliseconds to months: no lowest or highest value is lost,
 * and the value between buckets is known. The recording is faked in plain memory.
 */
#include "store/timeline.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/recording/view.h"
#include "store/recording.h"

#define SITES 3u
#define STEPS 20000u

static struct vmt_state state;
static struct vmt_site site[SITES];
static _Alignas(64) unsigned char data[1 << 17];
static struct vmt_view view;

/* For each step: its time, and the values after it. */
static uint64_t when[STEPS];
static uint32_t count[STEPS], live[STEPS][SITES];
static uint64_t seed;

void *vmt_recording_new_element(struct vmt_state *of, enum vmt_section_id id, uint64_t index,
				uint64_t n)
{
	struct vmt_rec_section *section = &of->counters.section[id];

	if (index + n > section->capacity)
		return NULL;
	section->used = index + n;
	((struct vmt_rec_header *)(void *)data)->section[id].used = section->used;
	return data + section->offset + index * section->size;
}

static uint64_t dice(void)
{
	seed = seed * 6364136223846793005 + 1442695040888963407;
	return seed >> 33;
}

static void begin(void)
{
	memset(data, 0, sizeof(data));
	memset(&state, 0, sizeof(state));
	memset(site, 0, sizeof(site));
	state.counters = (struct vmt_rec_header){
		.version = VMT_RECORD_VERSION,
		.endian = VMT_RECORD_ENDIAN,
		.header_size = sizeof(struct vmt_rec_header),
		.section_count = VMT_SECTION_COUNT,
		.bucket_ns = VMT_TIMELINE_NS,
		.end = VMT_END_EXIT,
		.maps_peak = 1000000,
	};
	memcpy(state.counters.magic, VMT_RECORD_MAGIC, sizeof(state.counters.magic));
	state.counters.section[VMT_SECTION_TIMELINE] =
		(struct vmt_rec_section){ .offset = 4096,
					  .capacity = 2 * VMT_TIMELINE_BUCKETS,
					  .size = sizeof(struct vmt_rec_bucket) };
	state.counters.section[VMT_SECTION_SITE_ROWS] = (struct vmt_rec_section){
		.offset = 65536, .capacity = SITES, .size = sizeof(struct vmt_rec_site_time)
	};
	state.counters.section[VMT_SECTION_SITES] = (struct vmt_rec_section){
		.offset = 98304, .capacity = SITES, .size = sizeof(struct vmt_rec_site)
	};
	memcpy(data, &state.counters, sizeof(state.counters));
	state.recording.base = data;
	state.recording.header = (struct vmt_rec_header *)(void *)data;
	for (uint32_t i = 0; i < SITES; i++)
		site[i].id = i;
}

static void step(uint32_t number, uint64_t time)
{
	struct vmt_site *of = &site[dice() % SITES];

	vmt_timeline_before(&state, of, time);
	if (dice() % 50 == 0)
		of->live = dice() % 100000;
	else if (of->live && dice() & 1)
		of->live--;
	else
		of->live++;
	vmt_timeline_after(&state, of);
	state.counters.maps_now = 1 + dice() % (dice() % 100 ? 100 : 1000000);
	vmt_timeline_tick(&state, time);
	when[number] = time;
	count[number] = (uint32_t)state.counters.maps_now;
	for (uint32_t i = 0; i < SITES; i++)
		live[number][i] = (uint32_t)site[i].live;
}

/*
 * Find the lowest, the highest and the last value of the steps in [from, to); false if there are
 * none.
 */
static bool extremes(uint32_t steps, uint64_t from, uint64_t to, struct vmt_rec_bucket *ret)
{
	*ret = (struct vmt_rec_bucket){ .min = UINT32_MAX };
	for (uint32_t i = 0; i < steps; i++) {
		if (when[i] < from || when[i] >= to)
			continue;
		ret->min = count[i] < ret->min ? count[i] : ret->min;
		ret->max = count[i] > ret->max ? count[i] : ret->max;
		ret->last = count[i];
	}
	return ret->max > 0;
}

static void check_process(uint32_t steps)
{
	uint64_t width = view.header.bucket_ns;
	uint64_t buckets = vmt_view_bucket_count(&view);
	struct vmt_rec_bucket is, wanted;

	cr_assert_eq(buckets, when[steps - 1] / width + 1);
	for (uint64_t i = 0; i < buckets; i++) {
		bool any = extremes(steps, i * width, (i + 1) * width, &wanted);

		cr_assert_eq(vmt_view_bucket(&view, i, &is), any);
		cr_assert(!any ||
			  (is.min == wanted.min && is.max == wanted.max && is.last == wanted.last));
	}
}

static void check_site(uint32_t id, uint32_t steps)
{
	struct vmt_rec_site_time row;
	uint32_t before = 0;
	uint32_t at = 0;

	cr_assert(vmt_view_site_time(&view, id, &row));
	for (uint32_t i = 0; i < VMT_SITE_BUCKETS; i++) {
		uint64_t end = (i + 1) * (VMT_SITE_TIME_NS << row.shift);
		struct vmt_rec_site_bucket wanted = { before, before, before };

		for (; at < steps && when[at] < end; at++) {
			before = live[at][id];
			wanted.min = before < wanted.min ? before : wanted.min;
			wanted.max = before > wanted.max ? before : wanted.max;
		}
		if (wanted.min == wanted.max) { /* nothing changed, so it may be unused */
			cr_assert(!row.bucket[i].max || row.bucket[i].first == wanted.first);
			continue;
		}
		cr_assert(!memcmp(&row.bucket[i], &wanted, sizeof(wanted)),
			  "site %u bucket %u: %u %u %u, wanted %u %u %u", id, i,
			  row.bucket[i].first, row.bucket[i].min, row.bucket[i].max, wanted.first,
			  wanted.min, wanted.max);
	}
	for (; at < steps; at++) /* after its last bucket nothing changed */
		cr_assert_eq(live[at][id], before);
}

/* Calls are about this many ns apart. */
static void curve(uint32_t steps, uint64_t gap)
{
	uint64_t time = 0;

	begin();
	for (uint32_t i = 0; i < steps; i++) {
		step(i, time);
		time += dice() % gap;
	}
	cr_assert_eq(vmt_view_open(data, sizeof(data), &view), 0);
	check_process(steps);
	for (uint32_t id = 0; id < SITES; id++)
		check_site(id, steps);
}

Test(timeline, nothing_is_lost_in_any_course)
{
	const uint64_t first = (uint64_t)time(NULL);

	seed = getenv("SEED") ? strtoull(getenv("SEED"), NULL, 0) : first;
	fprintf(stderr, "SEED=%lu\n", (unsigned long)seed);
	for (uint64_t gap = 1000; gap < UINT64_C(1) << 50; gap *= 7)
		curve(200 + (uint32_t)(dice() % 800), gap);
	curve(STEPS, 1000000);
}

Test(timeline, without_a_recording_nothing_is_done)
{
	begin();
	state.recording.base = NULL;
	state.counters.section[VMT_SECTION_SITES].capacity = 0;
	step(0, 0);
	step(1, 5000000000);
	cr_assert_eq(data[4096], 0);
}
