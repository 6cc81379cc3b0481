/* SPDX-License-Identifier: MIT */
/*
 * Where the size is limited, all sections shrink by the same share: a program that needs many maps
 * needs many sites as well.
 */
#include "core/recording/layout.h"

#include <assert.h>

#define WHOLE UINT64_C(1024) /* shares are counted in 1,024ths */

/* The counts per system call lie on the header's page, since every call changes both. */
#define CALLS_OFFSET ((sizeof(struct vmt_rec_header) + 63) & ~UINT64_C(63))
static_assert(CALLS_OFFSET + VMT_CALL_COUNT * sizeof(struct vmt_rec_counters) <= VMT_PAGE_SIZE,
	      "one page");

/* The given share of full, but at least `least`, or full if that is smaller. */
static uint64_t part(uint64_t full, uint64_t share, uint64_t least)
{
	uint64_t less = share == WHOLE ? full : full / WHOLE * share;

	if (less < least)
		return full < least ? full : least;
	return less;
}

static uint64_t lay_out(uint64_t max_maps, uint64_t max_sites, uint64_t share,
			struct vmt_rec_section section[VMT_SECTION_COUNT])
{
	const uint64_t sites = part(max_sites, share, 100);
	const struct {
		uint64_t capacity;
		uint32_t size;
	} shape[VMT_SECTION_COUNT] = {
		[VMT_SECTION_STRINGS] = { part(1 << 20, share, 1 << 16), 1 },
		[VMT_SECTION_MODULES] = { part(VMT_MODULES_MAX, share, 256),
					  sizeof(struct vmt_rec_module) },
		[VMT_SECTION_SITES] = { sites, sizeof(struct vmt_rec_site) },
		[VMT_SECTION_FRAMES] = { sites * 32, sizeof(struct vmt_rec_frame) },
		[VMT_SECTION_CALLS] = { VMT_CALL_COUNT, sizeof(struct vmt_rec_counters) },
		[VMT_SECTION_RANGES] = { part(max_maps, share, 1000),
					 sizeof(struct vmt_rec_range) },
		[VMT_SECTION_TIMELINE] = { 2 * VMT_TIMELINE_BUCKETS,
					   sizeof(struct vmt_rec_bucket) },
		[VMT_SECTION_FAILURES] = { part(1024, share, 64), sizeof(struct vmt_rec_failure) },
		[VMT_SECTION_MARKS] = { part(1024, share, 64), sizeof(struct vmt_rec_mark) },
		[VMT_SECTION_MARK_VALUES] = { part(65536, share, 1024),
					      sizeof(struct vmt_rec_mark_value) },
		[VMT_SECTION_SITE_TIMES] = { 0, sizeof(struct vmt_rec_site_time) },
		[VMT_SECTION_ALLOCATORS] = { VMT_ALLOCATORS_MAX, sizeof(struct vmt_rec_allocator) },
		[VMT_SECTION_SITE_ROWS] = { sites, sizeof(struct vmt_rec_site_time) },
	};
	uint64_t offset = VMT_PAGE_SIZE;

	for (unsigned i = 0; i < VMT_SECTION_COUNT; i++) {
		section[i] = (struct vmt_rec_section){ .offset = offset,
						       .capacity = shape[i].capacity,
						       .size = shape[i].size };
		if (i == VMT_SECTION_CALLS)
			section[i].offset = CALLS_OFFSET;
		else
			offset = vmt_page_up(offset + shape[i].capacity * shape[i].size);
	}
	return offset;
}

uint64_t vmt_layout_sections(uint64_t max_maps, uint64_t max_sites, uint64_t max_size,
			     struct vmt_rec_section ret_section[VMT_SECTION_COUNT])
{
	uint64_t size = lay_out(max_maps, max_sites, WHOLE, ret_section);

	for (uint64_t share = WHOLE - 1; max_size && size > max_size && share > 0; share--)
		size = lay_out(max_maps, max_sites, share, ret_section);
	return size;
}

/* The needs of a small process: its files, and a call site for every library that ld.so maps. */
static const uint64_t first_capacity[VMT_SECTION_COUNT] = {
	[VMT_SECTION_STRINGS] = 4096,
	[VMT_SECTION_MODULES] = 32,
	[VMT_SECTION_SITES] = 48,
	[VMT_SECTION_FRAMES] = 768,
	[VMT_SECTION_CALLS] = VMT_CALL_COUNT,
	[VMT_SECTION_RANGES] = 96,
	[VMT_SECTION_TIMELINE] = 2 * VMT_TIMELINE_BUCKETS,
	[VMT_SECTION_FAILURES] = 32,
	[VMT_SECTION_MARKS] = 32,
	[VMT_SECTION_MARK_VALUES] = 64,
	[VMT_SECTION_ALLOCATORS] = VMT_ALLOCATORS_MAX,
	[VMT_SECTION_SITE_ROWS] = 16,
};

/* Sections that every process fills come first, and close together; rarely used ones follow. */
static const uint8_t first_order[] = {
	VMT_SECTION_STRINGS, VMT_SECTION_MODULES,     VMT_SECTION_ALLOCATORS,
	VMT_SECTION_RANGES,  VMT_SECTION_SITES,       VMT_SECTION_SITE_ROWS,
	VMT_SECTION_FRAMES,  VMT_SECTION_TIMELINE,    VMT_SECTION_FAILURES,
	VMT_SECTION_MARKS,   VMT_SECTION_MARK_VALUES, VMT_SECTION_SITE_TIMES,
};
static_assert(VMT_COUNT(first_order) == VMT_SECTION_COUNT - 1, "all but the calls");

uint64_t vmt_layout_first(const uint64_t wanted[VMT_SECTION_COUNT],
			  struct vmt_rec_section section[VMT_SECTION_COUNT])
{
	uint64_t offset = VMT_PAGE_SIZE;

	for (unsigned i = 0; i < VMT_COUNT(first_order); i++) {
		struct vmt_rec_section *this = &section[first_order[i]];
		uint64_t capacity = first_capacity[first_order[i]];

		if (capacity < 2 * wanted[first_order[i]])
			capacity = 2 * wanted[first_order[i]];
		if (this->capacity > capacity)
			this->capacity = capacity;
		this->offset = offset;
		offset = (offset + this->capacity * this->size + 63) & ~UINT64_C(63);
	}
	section[VMT_SECTION_CALLS].offset = CALLS_OFFSET;
	return vmt_page_up(offset);
}
