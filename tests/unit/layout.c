/* SPDX-License-Identifier: MIT */
/* The layout of a new recording: what the default holds, and that a given size is respected. */
#include "core/recording/layout.h"

#include <criterion/criterion.h>

static struct vmt_rec_section section[VMT_SECTION_COUNT];

static uint64_t bytes_of(uint32_t id)
{
	return section[id].capacity * section[id].size;
}

static void check_order(uint64_t size)
{
	uint64_t end = section[VMT_SECTION_CALLS].offset + bytes_of(VMT_SECTION_CALLS);

	cr_assert_geq(section[VMT_SECTION_CALLS].offset, sizeof(struct vmt_rec_header));
	for (uint32_t id = 0; id < VMT_SECTION_COUNT; id++) {
		if (id == VMT_SECTION_CALLS) /* on the header's page */
			continue;
		cr_assert_geq(section[id].offset, end, "section %u overlaps", id);
		cr_assert_eq(section[id].offset % 64, 0);
		cr_assert_eq(section[id].used, 0);
		if (id == VMT_SECTION_SITE_TIMES) /* of older libraries only */
			cr_assert_eq(section[id].capacity, 0);
		else
			cr_assert_gt(section[id].capacity, 0);
		end = section[id].offset + bytes_of(id);
	}
	cr_assert_leq(end, size);
}

Test(layout, default_holds_100000_maps_and_20000_sites_in_30_mib)
{
	uint64_t size = vmt_layout_sections(100000, 20000, 0, section);

	check_order(size);
	cr_assert_eq(section[VMT_SECTION_RANGES].capacity, 100000);
	cr_assert_eq(section[VMT_SECTION_SITES].capacity, 20000);
	cr_assert_eq(section[VMT_SECTION_SITE_ROWS].capacity, 20000);
	cr_assert_leq(size, UINT64_C(30) << 20);
}

Test(layout, a_size_is_kept_to_and_used)
{
	for (uint64_t mib = 1; mib <= 40; mib++) {
		uint64_t size = vmt_layout_sections(100000, 20000, mib << 20, section);

		check_order(size);
		cr_assert_leq(size, mib << 20);
		if (mib < 29)
			cr_assert_geq(size, (mib << 20) * 9 / 10, "%lu wasted", (unsigned long)mib);
		cr_assert_geq(section[VMT_SECTION_RANGES].capacity, 1000);
		cr_assert_geq(section[VMT_SECTION_SITES].capacity, 100);
	}
}

Test(layout, more_room_than_needed_changes_nothing)
{
	uint64_t plain = vmt_layout_sections(5000, 500, 0, section);

	cr_assert_eq(vmt_layout_sections(5000, 500, UINT64_C(1) << 40, section), plain);
	cr_assert_eq(section[VMT_SECTION_RANGES].capacity, 5000);
}

Test(layout, few_maps_and_sites_are_not_made_more)
{
	vmt_layout_sections(1000, 100, 1, section);
	cr_assert_eq(section[VMT_SECTION_RANGES].capacity, 1000);
	cr_assert_eq(section[VMT_SECTION_SITES].capacity, 100);
}

/* Sections may be in any order, but must not overlap. */
static void check_apart(uint64_t size)
{
	for (uint32_t a = 0; a < VMT_SECTION_COUNT; a++) {
		cr_assert_geq(section[a].offset, sizeof(struct vmt_rec_header));
		cr_assert_eq(section[a].offset % 64, 0);
		cr_assert_leq(section[a].offset + bytes_of(a), size);
		for (uint32_t b = 0; b < a; b++)
			cr_assert(section[a].offset >= section[b].offset + bytes_of(b) ||
					  section[b].offset >= section[a].offset + bytes_of(a),
				  "sections %u and %u overlap", b, a);
	}
}

Test(layout, a_recording_begins_small_whatever_it_may_grow_to)
{
	const uint64_t wanted[VMT_SECTION_COUNT] = { 0 };
	uint64_t size;

	vmt_layout_sections(1060000, 20000, 0, section);
	size = vmt_layout_first(wanted, section);
	check_apart(size);
	cr_assert_leq(size, 100000);
	cr_assert_geq(section[VMT_SECTION_RANGES].capacity, 64);
	cr_assert_eq(section[VMT_SECTION_TIMELINE].capacity, 2 * VMT_TIMELINE_BUCKETS);
	cr_assert_eq(section[VMT_SECTION_CALLS].capacity, VMT_CALL_COUNT);
}

Test(layout, a_beginning_has_room_for_twice_what_is_wanted_and_not_for_more_than_allowed)
{
	const uint64_t wanted[VMT_SECTION_COUNT] = {
		[VMT_SECTION_RANGES] = 1000, [VMT_SECTION_SITES] = 150
	};

	vmt_layout_sections(100000, 200, 0, section);
	check_apart(vmt_layout_first(wanted, section));
	cr_assert_eq(section[VMT_SECTION_RANGES].capacity, 2000);
	cr_assert_eq(section[VMT_SECTION_SITES].capacity, 200);
}
