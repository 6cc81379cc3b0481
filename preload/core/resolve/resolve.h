/* SPDX-License-Identifier: MIT */
/*
 * Finds out what the maps are after a call. They are derived from the table and the call where
 * there is no doubt, and otherwise read from the kernel. The table is not changed here.
 */
#ifndef VMT_RESOLVE_H
#define VMT_RESOLVE_H

#include "core/resolve/kernel_ops.h"
#include "core/vma/change.h"
#include "core/vma/outcome.h"

struct vmt_resolution {
	struct vmt_range span[2]; /* the addresses that outcome covers, as whole maps; ascending */
	unsigned span_count;
	struct vmt_outcome outcome;
};

/*
 * Identify the file that change maps, and the class of its map: what neighbours merge with depends
 * on these. If the file cannot be identified, the kernel has to be asked for the whole change.
 * vmt_resolve() does this itself; it is done before for the sake of fast_range.h.
 */
void vmt_resolve_file(struct vmt_space *space, struct vmt_change *change,
		      const struct vmt_kernel_ops *kernel);

/*
 * Find the outcome of change. change may be completed: with the end of a new map, or when growth
 * became a map of its own. The caller then replaces the table's maps in the spans by
 * resolution->outcome.
 */
enum vmt_resolved vmt_resolve(struct vmt_space *space, struct vmt_change *change,
			      const struct vmt_kernel_ops *kernel,
			      struct vmt_resolution *resolution);

#endif
