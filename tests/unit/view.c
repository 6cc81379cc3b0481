/* SPDX-License-Identifier: MIT */
/*
 * The view of a recording: what it reads, what it refuses, and that no bytes make it read outside.
 * Under ASan, the copies below are exactly as long as they claim.
 */
#include "core/recording/view.h"
#include "sample_recording.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>

static struct sample sample;
static struct vmt_view view;

static const char *open_error(void)
{
	int ret = vmt_view_open(sample.data, sizeof(sample.data), &view);

	cr_assert_eq(ret, view.error ? -EBADMSG : 0);
	return view.error ? view.error : "";
}

Test(view, reads_sites_ranges_and_strings)
{
	struct vmt_rec_site site;
	struct vmt_view_string exe;

	sample_demo(&sample);
	cr_assert_str_empty(open_error());
	cr_assert_eq(vmt_view_count(&view, VMT_SECTION_SITES), 5);
	cr_assert(vmt_view_site(&view, 3, &site));
	cr_assert_eq(site.call, VMT_CALL_MUNMAP);
	cr_assert_not(vmt_view_site(&view, 5, &site));
	exe = vmt_view_string(&view, view.header.exe);
	cr_assert_eq(exe.length, 13);
	cr_assert(!memcmp(exe.bytes, "/home/me/demo", 13));
}

Test(view, sums_over_sites_are_the_totals)
{
	struct vmt_view_totals totals[5];
	struct vmt_rec_site site;
	uint64_t live = 0;
	int64_t net = 0;

	sample_demo(&sample);
	cr_assert_str_empty(open_error());
	vmt_view_totals(&view, totals, 5);
	for (uint64_t i = 0; i < 5; i++) {
		cr_assert(vmt_view_site(&view, i, &site));
		cr_assert_eq(vmt_view_totals_of_site(&view, i).live, totals[i].live);
		live += totals[i].live;
		net += vmt_view_net(&site.counters);
	}
	cr_assert_eq(live, vmt_view_maps_now(&view));
	cr_assert_eq(net, (int64_t)(view.header.maps_now - view.header.maps_start));
	cr_assert_eq(totals[2].bytes, 3 * 4096);
	cr_assert(vmt_view_is_exact(&view));
}

Test(view, own_maps_do_not_count)
{
	struct vmt_rec_range *range;

	sample_demo(&sample);
	range = sample_at(&sample, VMT_SECTION_RANGES, 24);
	range->flags |= VMT_MAP_OWN;
	cr_assert_str_empty(open_error());
	cr_assert_eq(vmt_view_totals_of_site(&view, 2).live, 0);
}

Test(view, half_written_ranges_are_skipped_and_sites_taken_as_they_are)
{
	struct vmt_rec_range *range;
	struct vmt_rec_site copy;

	sample_demo(&sample);
	range = sample_at(&sample, VMT_SECTION_RANGES, 24);
	range->seq = 7;
	((struct vmt_rec_site *)sample_at(&sample, VMT_SECTION_SITES, 4))->seq = 1;
	sample.header->end = VMT_END_SIGNAL;
	cr_assert_str_empty(open_error());
	cr_assert_eq(vmt_view_totals_of_site(&view, 2).live, 0);
	cr_assert(vmt_view_site(&view, 4, &copy));
	cr_assert_eq(copy.counters.calls, 1, "to skip it would lose all its calls");
	cr_assert_eq(vmt_view_maps_now(&view), 24, "of a killed process the ranges count");
}

Test(view, allocators_are_read_also_half_written_ones)
{
	struct vmt_rec_allocator copy;
	struct vmt_rec_allocator *allocator;

	sample_demo(&sample);
	allocator = sample_add(&sample, VMT_SECTION_ALLOCATORS);
	allocator->allocations = 7;
	allocator->frees = 3;
	cr_assert_str_empty(open_error());
	cr_assert_not(vmt_view_allocator(&view, 1, &copy));
	for (allocator->seq = 0; allocator->seq < 2; allocator->seq++) {
		cr_assert(vmt_view_allocator(&view, 0, &copy));
		cr_assert_eq(copy.allocations - copy.frees, 4);
	}
}

Test(view, half_written_header_is_read_and_told)
{
	sample_demo(&sample);
	sample.header->seq = 3;
	cr_assert_str_empty(open_error());
	cr_assert(view.is_torn);
	cr_assert_eq(view.header.maps_start, 24);
}

Test(view, ranges_of_unknown_sites_are_unseen)
{
	struct vmt_view_totals totals[5];

	sample_demo(&sample);
	((struct vmt_rec_range *)sample_at(&sample, VMT_SECTION_RANGES, 24))->put_by = 4000;
	cr_assert_str_empty(open_error());
	vmt_view_totals(&view, totals, 5);
	cr_assert_eq(totals[VMT_SITE_UNSEEN].live, 1);
}

Test(view, tells_apart_what_it_cannot_read)
{
	sample_demo(&sample);
	sample.header->version++;
	cr_assert_str_eq(open_error(), "recorded by another version of vmatrace");
	sample_demo(&sample);
	sample.header->endian = __builtin_bswap32(VMT_RECORD_ENDIAN);
	cr_assert_str_eq(open_error(), "recorded on a machine with the other byte order");
	sample.data[0] ^= 1;
	cr_assert_str_eq(open_error(), "not a vmatrace recording");
	cr_assert_eq(vmt_view_open(sample.data, 0, &view), -EBADMSG);
	cr_assert_str_eq(view.error, "empty");
	cr_assert_eq(vmt_view_open(sample.data, 100, &view), -EBADMSG);
	cr_assert_str_eq(view.error, "too short for a recording");
}

Test(view, sections_outside_are_refused)
{
	static const uint64_t values[] = {
		1, 8, 4097, UINT64_MAX, UINT64_MAX - 7, UINT64_C(1) << 63
	};

	for (size_t i = 0; i < VMT_COUNT(values); i++) {
		sample_demo(&sample);
		sample.header->section[VMT_SECTION_RANGES].offset = values[i];
		cr_assert_str_not_empty(open_error());
		sample_demo(&sample);
		sample.header->section[VMT_SECTION_RANGES].used = UINT64_MAX / 64 + 1 + values[i];
		sample.header->section[VMT_SECTION_RANGES].capacity = UINT64_MAX;
		cr_assert_str_not_empty(open_error());
	}
}

Test(view, files_cut_short_are_refused_or_whole)
{
	for (size_t n = 0; n < sizeof(sample.data); n += n < 1200 ? 1 : 97) {
		unsigned char *copy = malloc(n ? n : 1);

		sample_demo(&sample);
		memcpy(copy, sample.data, n);
		if (!vmt_view_open(copy, n, &view))
			vmt_view_totals_of_site(&view, 0);
		free(copy);
	}
}

Test(view, more_sections_and_longer_elements_of_a_later_writer_are_passed_over)
{
	struct vmt_rec_section *ranges;

	sample_demo(&sample);
	sample.header->section_count = VMT_SECTION_COUNT + 3;
	sample.header->header_size = sizeof(struct vmt_rec_header) + 3 * sizeof(*ranges);
	ranges = &sample.header->section[VMT_SECTION_RANGES];
	for (uint64_t i = ranges->used; i-- > 0;) { /* 64 bytes become 80 */
		unsigned char *at = sample.data + ranges->offset;

		memmove(at + i * 80, at + i * 64, 64);
		memset(at + i * 80 + 64, 0xff, 16);
	}
	ranges->size = 80;
	cr_assert_str_empty(open_error());
	cr_assert_eq(vmt_view_totals_of_site(&view, VMT_SITE_STARTUP).live, 24);
	cr_assert_eq(vmt_view_totals_of_site(&view, 2).live, 1);
}

Test(view, what_an_earlier_writer_did_not_have_is_zero)
{
	struct vmt_rec_section *marks;
	struct vmt_rec_mark mark;

	sample_demo(&sample);
	sample_add(&sample, VMT_SECTION_MARKS);
	memset(sample_at(&sample, VMT_SECTION_MARKS, 0), 0x11, sizeof(mark));
	((struct vmt_rec_mark *)sample_at(&sample, VMT_SECTION_MARKS, 0))->maps = 99;
	((struct vmt_rec_mark *)sample_at(&sample, VMT_SECTION_MARKS, 0))->time = 5;
	marks = &sample.header->section[VMT_SECTION_MARKS];
	marks->size = 16; /* time and maps */
	cr_assert_str_empty(open_error());
	cr_assert(vmt_view_mark(&view, 0, &mark));
	cr_assert_eq(mark.maps, 99);
	cr_assert_eq(mark.name.length, 0);
	sample.header->section_count = 3;
	cr_assert_str_eq(open_error(), "wrong number of sections");
	sample.header->section_count = VMT_SECTION_COUNT;
	sample.header->header_size = sizeof(struct vmt_rec_header) - 1;
	cr_assert_str_eq(open_error(), "header too small");
}

Test(view, counts_that_nobody_can_have_counted_are_nonsense)
{
	struct vmt_rec_site *inside;
	struct vmt_rec_site site;

	sample_demo(&sample);
	cr_assert_str_empty(open_error());
	inside = sample_at(&sample, VMT_SECTION_SITES, 2);
	cr_assert(vmt_view_site(&view, 2, &site));
	inside->counters.merged = VMT_VIEW_COUNT_END;
	cr_assert_not(vmt_view_site(&view, 2, &site));
	sample.header->maps_peak = VMT_VIEW_COUNT_END;
	cr_assert_str_eq(open_error(), "too many maps");
}

Test(view, without_room_for_all_ranges_the_sites_say_what_lives)
{
	struct vmt_view_totals totals[5];

	sample_demo(&sample);
	((struct vmt_rec_site *)sample_at(&sample, VMT_SECTION_SITES, 2))->live = 70;
	sample.header->notes |= VMT_NOTE_RANGES_FULL;
	cr_assert_str_empty(open_error());
	vmt_view_totals(&view, totals, 5);
	cr_assert_eq(totals[2].live, 70);
	cr_assert_eq(vmt_view_totals_of_site(&view, 2).live, 70);
}

Test(view, the_wider_timeline_is_in_the_second_half)
{
	struct vmt_rec_bucket *bucket;
	struct vmt_rec_bucket copy;

	sample_demo(&sample);
	sample.header->section[VMT_SECTION_TIMELINE].used = 16;
	bucket = sample_at(&sample, VMT_SECTION_TIMELINE, 0);
	bucket[1] = (struct vmt_rec_bucket){ .min = 3, .max = 4, .last = 3 };
	bucket[8 + 2] = (struct vmt_rec_bucket){ .min = 5, .max = 6, .last = 5 };
	cr_assert_str_empty(open_error());
	cr_assert_eq(vmt_view_bucket_count(&view), 2);
	cr_assert(vmt_view_bucket(&view, 1, &copy) && copy.max == 4);
	sample.header->bucket_ns *= 2;
	cr_assert_str_empty(open_error());
	cr_assert_eq(vmt_view_bucket_count(&view), 3);
	cr_assert(vmt_view_bucket(&view, 2, &copy) && copy.max == 6);
	cr_assert_not(vmt_view_bucket(&view, 1, &copy));
}

static uint64_t live_in(const void *data)
{
	cr_assert_eq(vmt_view_open(data, sizeof(sample.data), &view), 0);
	return vmt_view_totals_of_site(&view, 2).live;
}

static _Alignas(64) unsigned char copy[sizeof(sample.data)];

/* Copy the demonstration, in which the only map of site 2 has this sequence word; returns the map. */
static struct vmt_rec_range *copy_demo(uint32_t seq, struct vmt_view *ret_from)
{
	struct vmt_rec_range *range;

	sample_demo(&sample);
	range = sample_at(&sample, VMT_SECTION_RANGES, 24);
	range->seq = seq;
	cr_assert_eq(vmt_view_open(sample.data, sizeof(sample.data), ret_from), 0);
	cr_assert(vmt_view_copy(ret_from, copy));
	return range;
}

Test(view, a_copy_stays_what_it_is_and_takes_over_what_was_written)
{
	struct vmt_view from;
	struct vmt_rec_range *range = copy_demo(2, &from);

	cr_assert_eq(live_in(copy), 1);
	cr_assert_eq(vmt_view_string(&view, view.header.exe).length, 13);

	range->flags = 0;
	range->seq = 4;
	sample.header->seq = 2;
	cr_assert_eq(live_in(copy), 1);
	cr_assert_not(vmt_view_copy(&from, copy), "a call was recorded after the view was opened");
	cr_assert_eq(live_in(copy), 0);
	cr_assert_eq(vmt_view_open(sample.data, sizeof(sample.data), &from), 0);
	cr_assert(vmt_view_copy(&from, copy));
}

Test(view, what_is_half_written_is_so_in_a_copy)
{
	struct vmt_view from;
	struct vmt_rec_range *range = copy_demo(3, &from);

	cr_assert_eq(live_in(copy), 0);
	range->seq = 4;
	cr_assert(vmt_view_copy(&from, copy));
	cr_assert_eq(live_in(copy), 1);
}
