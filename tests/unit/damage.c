/* SPDX-License-Identifier: MIT */
/*
 * Recordings that have been altered: in a recording with sums, each changed byte is noticed;
 * without sums, each impossible record is.
 */
#include "core/recording/seal.h"
#include "core/recording/view.h"
#include "sample_recording.h"

#include <criterion/criterion.h>
#include <errno.h>

static struct sample sample;
static struct vmt_view view;

static void add_the_rest(void)
{
	struct vmt_rec_failure *failure = sample_add(&sample, VMT_SECTION_FAILURES);
	struct vmt_rec_bucket *bucket = sample_add(&sample, VMT_SECTION_TIMELINE);
	struct vmt_rec_mark *mark = sample_add(&sample, VMT_SECTION_MARKS);

	*failure = (struct vmt_rec_failure){ .site = 3, .error = 12, .reason = 1, .maps = 24 };
	*bucket = (struct vmt_rec_bucket){ .min = 20, .max = 30, .last = 25 };
	*mark = (struct vmt_rec_mark){ .maps = 24,
				       .epoch = 1,
				       .name = sample_string(&sample, "here", 4) };
	sample_add(&sample, VMT_SECTION_MARK_VALUES);
	sample_add(&sample, VMT_SECTION_SITE_TIMES);
	sample_add(&sample, VMT_SECTION_SITE_ROWS);
	sample_add(&sample, VMT_SECTION_ALLOCATORS);
}

static void begin(bool sealed)
{
	sample_demo(&sample);
	add_the_rest();
	if (sealed)
		vmt_seal_set(sample.header, sample.data);
}

/* Is it read without complaint? */
static bool is_sound(void)
{
	return !vmt_view_open(sample.data, sizeof(sample.data), &view) &&
	       !vmt_damage_examine(&view) && !vmt_view_is_damaged(&view);
}

Test(damage, what_was_written_is_sound)
{
	begin(false);
	cr_assert(is_sound(), "%s, %zu left out", view.error ? view.error : "",
		  (size_t)view.left_out);
	begin(true);
	cr_assert(is_sound());
	cr_assert(vmt_view_is_exact(&view));
	sample.header->end_monotonic++;
	sample.header->doing = VMT_DOING_CALL;
	sample.header->seq += 2;
	cr_assert(is_sound(), "these may change after the end");
}

Test(damage, each_byte_of_a_sealed_section_counts)
{
	begin(true);
	for (uint32_t id = 0; id < VMT_SECTION_COUNT; id++) {
		struct vmt_rec_section section = sample.header->section[id];

		cr_assert_gt(section.used, 0, "section %u is not tried", id);
		for (uint64_t i = 0; i < section.used * section.size; i++) {
			sample.data[section.offset + i] ^= 0x10;
			cr_assert_not(is_sound(), "byte %zu of section %u", (size_t)i, id);
			cr_assert_eq(view.damaged, UINT32_C(1) << id);
			cr_assert_not(vmt_view_is_exact(&view));
			sample.data[section.offset + i] ^= 0x10;
		}
	}
	cr_assert(is_sound());
}

Test(damage, a_sealed_header_that_was_changed_is_refused)
{
	begin(true);
	sample.header->maps_now++;
	cr_assert_eq(vmt_view_open(sample.data, sizeof(sample.data), &view), 0);
	cr_assert_eq(vmt_damage_examine(&view), -EBADMSG);
	cr_assert_str_eq(view.error, "it was changed after the process ended");
}

Test(damage, counts_and_timelines_that_were_changed_are_left_out)
{
	struct vmt_rec_counters counters;
	struct vmt_rec_bucket bucket;

	begin(true);
	((struct vmt_rec_bucket *)sample_at(&sample, VMT_SECTION_TIMELINE, 0))->max = 31;
	((struct vmt_rec_counters *)sample_at(&sample, VMT_SECTION_CALLS, VMT_CALL_MMAP))
		->created++;
	cr_assert_not(is_sound());
	cr_assert_not(vmt_view_bucket(&view, 0, &bucket));
	cr_assert_not(vmt_view_call(&view, VMT_CALL_MMAP, &counters));
}

/* Change one field in a recording without sums. */
static void expect_left_out(void *field, size_t size, uint64_t value)
{
	uint64_t was = 0;

	memcpy(&was, field, size);
	memcpy(field, &value, size);
	cr_assert_not(is_sound());
	cr_assert_eq(view.left_out, 1);
	memcpy(field, &was, size);
	cr_assert(is_sound());
}

#define EXPECT_LEFT_OUT(record, field, value) \
	expect_left_out(&(record)->field, sizeof((record)->field), value)

Test(damage, maps_that_cannot_be_are_left_out)
{
	struct vmt_rec_range *range;

	begin(false);
	range = sample_at(&sample, VMT_SECTION_RANGES, 3);
	EXPECT_LEFT_OUT(range, start, range->start + 8);
	EXPECT_LEFT_OUT(range, end, range->end + 1);
	EXPECT_LEFT_OUT(range, end, range->start);
	EXPECT_LEFT_OUT(range, end, UINT64_C(1) << 60);
	EXPECT_LEFT_OUT(range, offset, 17);
	EXPECT_LEFT_OUT(range, put_by, UINT32_MAX);
	EXPECT_LEFT_OUT(range, time, UINT64_MAX);
}

Test(damage, counts_that_cannot_be_are_left_out)
{
	struct vmt_rec_counters *call;
	struct vmt_rec_site *site;

	begin(false);
	call = sample_at(&sample, VMT_SECTION_CALLS, VMT_CALL_MMAP);
	EXPECT_LEFT_OUT(call, created, UINT64_C(485331304594));
	EXPECT_LEFT_OUT(call, calls, UINT64_C(63771674411508));
	site = sample_at(&sample, VMT_SECTION_SITES, 2);
	EXPECT_LEFT_OUT(site, call, UINT16_MAX);
	EXPECT_LEFT_OUT(site, frame_count, 65);
	EXPECT_LEFT_OUT(site, live_at_peak, UINT64_C(1) << 40);
	EXPECT_LEFT_OUT(site, counters.removed, UINT64_C(1) << 40);
}
