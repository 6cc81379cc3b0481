/* SPDX-License-Identifier: MIT */
/*
 * Hostile recordings and whole reports of them: every byte in use is changed, and the file is cut
 * everywhere. Any report is fine, and so is a refusal with a sentence; sanitizers find everything
 * else. Copies are exactly as long as they claim to be.
 */
#include "input/load.h"
#include "report/print.h"
#include "sample_recording.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

static struct sample sample;
static FILE *nowhere;

static void add_the_rest(void)
{
	const uint64_t sites = sample.header->section[VMT_SECTION_SITES].offset;
	struct vmt_rec_site *site = (void *)(sample.data + sites);
	struct vmt_rec_site_time *time;
	struct vmt_rec_failure *failure;
	struct vmt_rec_mark_value *value;
	struct vmt_rec_allocator *allocator;
	struct vmt_rec_bucket *bucket;
	struct vmt_rec_mark *mark;

	for (uint32_t i = 0; i < 4; i++) {
		bucket = sample_add(&sample, VMT_SECTION_TIMELINE);
		*bucket = (struct vmt_rec_bucket){ .min = 20 + i, .max = 30 + i, .last = 25 };
		time = sample_add(&sample, i < 2 ? VMT_SECTION_SITE_TIMES : VMT_SECTION_SITE_ROWS);
		time->shift = i;
		time->bucket[i] = (struct vmt_rec_site_bucket){ 1, 0, 2 + i };
		site[i].time_row = i < 2 ? 0 : i - 1;
		site[i].only = (struct vmt_rec_site_bucket){ 1, 0, i & 1 };
	}
	failure = sample_add(&sample, VMT_SECTION_FAILURES);
	*failure = (struct vmt_rec_failure){ .site = 3, .error = 12, .reason = 1, .maps = 24 };
	mark = sample_add(&sample, VMT_SECTION_MARKS);
	*mark = (struct vmt_rec_mark){ .maps = 24,
				       .epoch = 1,
				       .name = sample_string(&sample, "here", 4) };
	value = sample_add(&sample, VMT_SECTION_MARK_VALUES);
	*value = (struct vmt_rec_mark_value){ .site = 2, .epoch = 1, .live = 1, .net = 1 };
	allocator = sample_add(&sample, VMT_SECTION_ALLOCATORS);
	*allocator = (struct vmt_rec_allocator){
		.flags = VMT_ALLOCATOR_NEXT, .module = 1, .allocations = 7, .frees = 3, .bytes = 700
	};
}

/* No file of this machine is opened: symbols.c is tested elsewhere. */
static void begin(void)
{
	sample_demo(&sample);
	add_the_rest();
	for (size_t i = 0; i + 7 < sizeof(sample.data); i++)
		if (!memcmp(sample.data + i, "libc.so", 7))
			memcpy(sample.data + i, "nowhere", 7);
	if (!nowhere)
		nowhere = fopen("/dev/null", "w");
	cr_assert_not_null(nowhere);
}

/* Returns whether it was accepted as a recording. */
static bool report(const void *data, size_t size)
{
	static char name[] = "hostile";
	static unsigned turn;
	struct vmt_loaded_recording recording = { .name = name, .size = size };
	struct vmt_recordings recordings = { &recording, 1 };
	struct vmt_print_options options = { .verbose = true };

	if (vmt_view_open(data, size, &recording.view)) {
		cr_assert_gt(strlen(recording.view.error), 4);
		return false;
	}
	options.format = VMT_FORMAT_TEXT;
	cr_assert_eq(vmt_print(nowhere, &recordings, &options), 0);
	options.format = VMT_FORMAT_JSON;
	cr_assert_eq(vmt_print(nowhere, &recordings, &options), 0);
	/*
	 * The other formats read the same data: one of them in turn, so that this does not take
	 * minutes.
	 */
	options.format =
		(enum vmt_format)(VMT_FORMAT_FOLDED + turn++ % (VMT_FORMATS - VMT_FORMAT_FOLDED));
	cr_assert_eq(vmt_print(nowhere, &recordings, &options), 0);
	return true;
}

/* Give each byte of [from, from + bytes) other values; returns how many reports there were. */
static unsigned flip(uint64_t from, uint64_t bytes)
{
	static const unsigned char flips[] = { 0xff, 0x01 };
	unsigned reports = 0;

	for (uint64_t i = from; i < from + bytes; i++) {
		for (size_t k = 0; k < VMT_COUNT(flips); k++) {
			sample.data[i] ^= flips[k];
			reports += report(sample.data, sizeof(sample.data));
			sample.data[i] ^= flips[k];
		}
	}
	return reports;
}

Test(hostile, each_byte_of_the_header_changed)
{
	begin();
	cr_assert(report(sample.data, sizeof(sample.data)));
	cr_assert_gt(flip(0, sizeof(struct vmt_rec_header)), 100);
}

Test(hostile, each_byte_of_each_section_changed)
{
	begin();
	for (uint32_t id = 0; id < VMT_SECTION_COUNT; id++) {
		struct vmt_rec_section section = sample.header->section[id];
		uint64_t used = section.used * section.size;

		cr_assert_gt(used, 0, "section %u is not tried", id);
		cr_assert_eq(flip(section.offset, used < 1024 ? used : 1024),
			     2 * (used < 1024 ? used : 1024));
	}
}

Test(hostile, cut_short_everywhere)
{
	unsigned reports = 0;

	begin();
	for (size_t n = 0; n < sizeof(sample.data); n += n < 4200 ? 1 : 61) {
		void *copy = malloc(n ? n : 1);

		memcpy(copy, sample.data, n);
		reports += report(copy, n);
		free(copy);
	}
	cr_assert_gt(reports, 10);
}

/* Every count and index as large as it can be, one after the other. */
Test(hostile, each_word_enormous)
{
	static const uint32_t values[] = { UINT32_MAX, 0x7fffffff, 0x80000000, 0x10000 };
	uint32_t *word;

	begin();
	for (uint32_t id = 0; id < VMT_SECTION_COUNT; id++) {
		struct vmt_rec_section section = sample.header->section[id];

		for (uint64_t i = 0; i + 4 <= section.size && id; i += 4) {
			word = (void *)(sample.data + section.offset + i);
			for (size_t k = 0; k < VMT_COUNT(values); k++) {
				uint32_t was = *word;

				*word = values[k];
				cr_assert(report(sample.data, sizeof(sample.data)));
				*word = was;
			}
		}
	}
}
