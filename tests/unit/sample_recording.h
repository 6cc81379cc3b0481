/* SPDX-License-Identifier: MIT */
/*
 * A small recording in memory for tests: the 12 KiB demonstration (map three pages, unmap the
 * middle one, map it again), or whatever a test adds. It only knows the layout of record.h.
 */
#ifndef VMT_SAMPLE_RECORDING_H
#define VMT_SAMPLE_RECORDING_H

#include "core/recording/record.h"

#include <string.h>

/* Multiplies the usual room for sites, frames and ranges. */
#ifndef SAMPLE_SCALE
#define SAMPLE_SCALE 1u
#endif
#define SAMPLE_BYTES (65536u * SAMPLE_SCALE)

struct sample {
	_Alignas(64) unsigned char data[SAMPLE_BYTES];
	struct vmt_rec_header *header;
};

static inline void *sample_at(struct sample *sample, enum vmt_section_id id, uint64_t index)
{
	const struct vmt_rec_section *section = &sample->header->section[id];

	return sample->data + section->offset + index * section->size;
}

/* Returns a new, zeroed element of a section; NULL if there is no room. */
static inline void *sample_add(struct sample *sample, enum vmt_section_id id)
{
	struct vmt_rec_section *section = &sample->header->section[id];

	return section->used < section->capacity ? sample_at(sample, id, section->used++) : NULL;
}

static inline struct vmt_rec_string sample_string(struct sample *sample, const char *text, size_t n)
{
	struct vmt_rec_section *section = &sample->header->section[VMT_SECTION_STRINGS];
	struct vmt_rec_string string = { (uint32_t)section->used, (uint32_t)n };

	if (n > section->capacity - section->used)
		return (struct vmt_rec_string){ 0, 0 };
	memcpy(sample->data + section->offset + section->used, text, n);
	section->used += n;
	return string;
}

static inline void sample_layout(struct sample *sample)
{
	static const uint32_t sizes[VMT_SECTION_COUNT] = {
		1,
		sizeof(struct vmt_rec_module),
		sizeof(struct vmt_rec_site),
		sizeof(struct vmt_rec_frame),
		sizeof(struct vmt_rec_counters),
		sizeof(struct vmt_rec_range),
		sizeof(struct vmt_rec_bucket),
		sizeof(struct vmt_rec_failure),
		sizeof(struct vmt_rec_mark),
		sizeof(struct vmt_rec_mark_value),
		sizeof(struct vmt_rec_site_time),
		sizeof(struct vmt_rec_allocator),
		sizeof(struct vmt_rec_site_time),
	};
	static const uint32_t room[VMT_SECTION_COUNT] = {
		4096 * SAMPLE_SCALE,
		8,
		64 * SAMPLE_SCALE,
		256 * SAMPLE_SCALE,
		VMT_CALL_COUNT,
		200 * SAMPLE_SCALE,
		16,
		16,
		8,
		8,
		8,
		4,
		8,
	};
	uint64_t offset = 4096;

	for (int i = 0; i < VMT_SECTION_COUNT; i++) {
		sample->header->section[i] = (struct vmt_rec_section){
			.offset = offset,
			.capacity = room[i],
			.size = sizes[i],
		};
		offset = (offset + (uint64_t)sizes[i] * room[i] + 63) & ~UINT64_C(63);
	}
	sample->header->file_size = offset;
	sample->header->section[VMT_SECTION_CALLS].used = VMT_CALL_COUNT;
}

/* A valid recording with nothing in it but the two pseudo-sites. */
static inline void sample_init(struct sample *sample)
{
	static const char command[] = "./demo\0--fast";

	memset(sample->data, 0, sizeof(sample->data));
	sample->header = (struct vmt_rec_header *)(void *)sample->data;
	*sample->header = (struct vmt_rec_header){
		.version = VMT_RECORD_VERSION,
		.endian = VMT_RECORD_ENDIAN,
		.header_size = 4096,
		.section_count = VMT_SECTION_COUNT,
		.page_size = 4096,
		.pid = 77,
		.parent_pid = 1,
		.image = 1,
		.start_realtime = UINT64_C(1700000000000000000),
		.start_monotonic = 1000,
		.end_monotonic = UINT64_C(12400001000),
		.end = VMT_END_EXIT,
		.doors = VMT_DOOR_WRAPPERS | VMT_DOOR_SITES,
		.maps_limit = 65530,
		.maps_own = 12,
		.bucket_ns = 1000000,
	};
	memcpy(sample->header->magic, VMT_RECORD_MAGIC, sizeof(sample->header->magic));
	sample_layout(sample);
	sample->header->exe = sample_string(sample, "/home/me/demo", 13);
	sample->header->command = sample_string(sample, command, sizeof(command));
	sample->header->kernel = sample_string(sample, "6.18.0", 6);
	sample_add(sample, VMT_SECTION_SITES);
	sample_add(sample, VMT_SECTION_SITES);
}

static inline uint32_t sample_module(struct sample *sample, const char *path)
{
	struct vmt_rec_module *module = sample_add(sample, VMT_SECTION_MODULES);

	module->path = sample_string(sample, path, strlen(path));
	return (uint32_t)sample->header->section[VMT_SECTION_MODULES].used - 1;
}

static inline void sample_frame(struct sample *sample, uint32_t module, uint64_t offset)
{
	struct vmt_rec_frame *frame = sample_add(sample, VMT_SECTION_FRAMES);

	frame->module = module;
	frame->offset = offset;
}

/*
 * Add a site with the `frames` frames that were added last; its counters are added to the call's,
 * too.
 */
static inline uint32_t sample_site(struct sample *sample, enum vmt_call_id call, uint16_t frames,
				   struct vmt_rec_counters counters)
{
	struct vmt_rec_site *site = sample_add(sample, VMT_SECTION_SITES);
	uint64_t *total = sample_at(sample, VMT_SECTION_CALLS, call);
	uint64_t one[6];

	site->call = (uint16_t)call;
	site->frame_count = frames;
	site->frame_first = (uint32_t)sample->header->section[VMT_SECTION_FRAMES].used - frames;
	site->counters = counters;
	memcpy(one, &counters, sizeof(one));
	for (int i = 0; i < 6; i++)
		total[i] += one[i];
	return (uint32_t)sample->header->section[VMT_SECTION_SITES].used - 1;
}

static inline void sample_range(struct sample *sample, uint64_t start, uint64_t pages,
				uint32_t site)
{
	struct vmt_rec_range *range = sample_add(sample, VMT_SECTION_RANGES);
	struct vmt_rec_site *owner;

	range->flags = VMT_MAP_USED | VMT_MAP_READ | VMT_MAP_WRITE;
	range->start = start;
	range->end = start + pages * VMT_PAGE_SIZE;
	range->mapped_by = range->put_by = site;
	owner = sample_at(sample, VMT_SECTION_SITES, site);
	owner->live = owner->live_at_peak = owner->live + 1;
	sample->header->maps_now = sample->header->maps_kernel = ++sample->header->maps_peak;
}

/* The demonstration: 24 maps at start, 26 at the peak, 25 at the end. */
static inline void sample_demo(struct sample *sample)
{
	uint32_t exe;
	uint32_t libc;

	sample_init(sample);
	exe = sample_module(sample, "/home/me/demo");
	libc = sample_module(sample, "/usr/lib/x86_64-linux-gnu/libc.so.6");
	for (uint32_t i = 0; i < 3; i++) {
		sample_frame(sample, libc, 0x1000 + i);
		sample_frame(sample, exe, 0x2000 + i);
		sample_site(sample, i == 1 ? VMT_CALL_MUNMAP : VMT_CALL_MMAP, 2,
			    i == 0 ? (struct vmt_rec_counters){ .calls = 1, .created = 1 } :
			    i == 1 ? (struct vmt_rec_counters){ .calls = 1, .split = 1 } :
				     (struct vmt_rec_counters){
					     .calls = 1, .created = 1, .merged = 2 });
	}
	for (uint64_t i = 0; i < 24; i++)
		sample_range(sample, 0x400000 + i * 0x10000, 1, VMT_SITE_STARTUP);
	sample_range(sample, 0x10000000, 3, 2);
	sample->header->maps_start = 24;
	sample->header->maps_peak = 26;
	sample->header->calls_seen = sample->header->calls_derived = 3;
}

#endif
