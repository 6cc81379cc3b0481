/* SPDX-License-Identifier: MIT */
/*
 * The allocators of a recording: how many allocations went through malloc and free, by module,
 * together with the maps that the same module made, which gives the number of maps for each live
 * allocation. Used by report.
 */
#ifndef VMT_ALLOCATORS_H
#define VMT_ALLOCATORS_H

#include "core/recording/view.h"
#include "symbols/symbols.h"

#define VMT_ALLOCATORS_SHOWN 16u

struct vmt_allocator {
	uint32_t module;
	struct vmt_view_string path;
	bool is_counted; /* allocations were counted; otherwise only maps are known */
	struct vmt_rec_allocator counts;
	uint64_t live; /* live allocations; 0 if more were freed than made */
	uint64_t maps_live; /* live maps put by calls made inside it */
	uint64_t maps_at_peak; /* the same at the peak of the process */
	struct vmt_rec_counters maps; /* the effect of such calls */
};

struct vmt_allocators {
	struct vmt_allocator item[VMT_ALLOCATORS_SHOWN];
	size_t count;
	bool has_cxx; /* libstdc++ or the like occurs in stacks */
};

/* totals: one element for each site (vmt_view_totals). Allocators that did nothing are left out. */
void vmt_allocators_read(const struct vmt_view *view, const struct vmt_view_totals *totals,
			 struct vmt_symbols *symbols, struct vmt_allocators *ret_allocators);

#endif
