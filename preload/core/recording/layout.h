/* SPDX-License-Identifier: MIT */
/*
 * Computes how large the sections of a new recording are: for a given number of maps and call
 * sites, or for as many as a size limit allows. Readers do not need this; a recording says itself
 * where its sections are.
 */
#ifndef VMT_LAYOUT_H
#define VMT_LAYOUT_H

#include "core/recording/record.h"

#define VMT_MODULES_MAX 4096u

/*
 * Lay the sections out behind the header for max_maps and max_sites. If max_size (bytes; 0 = no
 * limit) is smaller than these need, each section gets a share. A few hundred KiB are used in any
 * case, even where max_size is less. Returns the size of the whole recording in bytes.
 */
uint64_t vmt_layout_sections(uint64_t max_maps, uint64_t max_sites, uint64_t max_size,
			     struct vmt_rec_section ret_section[VMT_SECTION_COUNT]);

/*
 * Lay the sections out for the start. Each gets room for a small process and for twice the `wanted`
 * elements, but at most the capacity that section has when called, which is the limit it may grow
 * to. Returns the size of the whole recording in bytes.
 */
uint64_t vmt_layout_first(const uint64_t wanted[VMT_SECTION_COUNT],
			  struct vmt_rec_section section[VMT_SECTION_COUNT]);

#endif
