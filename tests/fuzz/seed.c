/* SPDX-License-Identifier: MIT */
/*
 * seed FILE: the unit tests' sample recording, without its unused room, as the first input of the
 * two recording targets. Made anew with every build, so that it always has the format that the view
 * reads.
 */
#include "../unit/sample_recording.h"

#include <stdio.h>

static struct sample sample;
static unsigned char packed[SAMPLE_BYTES];

static void add_marks(void)
{
	static const char *const names[] = { "from", "to", "to" };
	struct vmt_rec_mark *mark;

	for (size_t i = 0; i < 3; i++) {
		mark = sample_add(&sample, VMT_SECTION_MARKS);
		mark->name = sample_string(&sample, names[i], strlen(names[i]));
		mark->time = i * 1000000;
		mark->maps = 24 + i;
	}
}

/* Add failures and buckets with plausible values. */
static void add_rest(void)
{
	struct vmt_rec_failure *failure = sample_add(&sample, VMT_SECTION_FAILURES);
	struct vmt_rec_site_time *time = sample_add(&sample, VMT_SECTION_SITE_ROWS);
	struct vmt_rec_bucket *bucket;

	time->shift = 1;
	time->bucket[3] = (struct vmt_rec_site_bucket){ 1, 1, 4 };
	failure->error = 12;
	failure->reason = 1;
	failure->site = 2;
	failure->maps = 65519;
	for (uint32_t i = 0; i < 4; i++) {
		bucket = sample_add(&sample, VMT_SECTION_TIMELINE);
		bucket->min = 24;
		bucket->max = 24 + i;
	}
}

static size_t pack(void)
{
	struct vmt_rec_header *header = sample.header;
	size_t at = (sizeof(*header) + 63) & ~(size_t)63;

	header->header_size = (uint32_t)at;
	for (int i = 0; i < VMT_SECTION_COUNT; i++) {
		struct vmt_rec_section *section = &header->section[i];
		size_t bytes = section->used * section->size;

		memcpy(packed + at, sample.data + section->offset, bytes);
		section->offset = at;
		section->capacity = section->used;
		at = (at + bytes + 63) & ~(size_t)63;
	}
	header->file_size = at;
	memcpy(packed, header, sizeof(*header));
	return at;
}

int main(int argc, char **argv)
{
	FILE *file = argc > 1 ? fopen(argv[1], "we") : NULL;
	size_t size;

	if (!file)
		return 2;
	sample_demo(&sample);
	add_marks();
	add_rest();
	size = pack();
	return fwrite(packed, size, 1, file) == 1 && !fclose(file) ? 0 : 1;
}
