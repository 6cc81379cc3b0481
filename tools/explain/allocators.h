/* SPDX-License-Identifier: MIT */
/*
 * Allocators of a recording: what went through malloc and free by module, beside the maps that
 * the same module made, so that maps for each live allocation can be told. Used by report.
 */
#ifndef VMT_ALLOCATORS_H
#define VMT_ALLOCATORS_H

#include "core/recording/view.h"
#include "symbols/symbols.h"

#define VMT_ALLOCATORS_SHOWN 16u

struct vmt_allocator {
	uint32_t module;
	struct vmt_view_string path;
	bool is_counted; /* otherwise only its maps are known */
	struct vmt_rec_allocator counts;
	uint64_t live; /* allocations; 0 when more were freed than made */
	uint64_t maps_live; /* put where they are by calls made inside it */
	struct vmt_rec_counters maps; /* what such calls changed */
};

struct vmt_allocators {
	struct vmt_allocator item[VMT_ALLOCATORS_SHOWN];
	size_t count;
	bool has_cxx; /* libstdc++ or its like was seen in stacks */
};

/* totals: one element for each site (vmt_view_totals). Those that did nothing are left out. */
void vmt_allocators_read(const struct vmt_view *view, const struct vmt_view_totals *totals,
			 struct vmt_symbols *symbols, struct vmt_allocators *ret_allocators);

#endif
