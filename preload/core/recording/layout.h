/* SPDX-License-Identifier: MIT */
/*
 * How large the sections of a new recording are: room for so many maps and call sites, or for
 * as many as a size allows. Readers need none of this; a recording says itself where its sections
 * are.
 */
#ifndef VMT_LAYOUT_H
#define VMT_LAYOUT_H

#include "core/recording/record.h"

#define VMT_MODULES_MAX 4096u

/*
 * Lay the sections out behind the header for max_maps and max_sites, or, where max_size (bytes;
 * 0 = whatever is needed) is less than that takes, for a part of each. Below a floor of a few
 * hundred KiB it does not go, whatever max_size says. Returns the bytes of the whole recording.
 */
uint64_t vmt_layout_sections(uint64_t max_maps, uint64_t max_sites, uint64_t max_size,
			     struct vmt_rec_section ret_section[VMT_SECTION_COUNT]);

/*
 * Lay the sections out for a beginning: each with room for a small process and for twice the
 * `wanted` elements, but not for more than section has as yet, which is what it may grow to.
 * Returns the bytes of the whole recording.
 */
uint64_t vmt_layout_first(const uint64_t wanted[VMT_SECTION_COUNT],
			  struct vmt_rec_section section[VMT_SECTION_COUNT]);

#endif
