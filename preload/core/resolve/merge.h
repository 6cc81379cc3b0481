/* SPDX-License-Identifier: MIT */
/*
 * The maps of an outcome that the kernel has merged, after the call was drawn with every cut and no
 * merge. Called by resolve.c; asks the kernel only where merge_rules.h does not tell, and in
 * samples.
 */
#ifndef VMT_MERGE_H
#define VMT_MERGE_H

#include "core/resolve/resolve.h"

#define VMT_MERGE_UNKNOWN (-1) /* a question had no answer */

/*
 * kernel: NULL = it cannot be asked. Returns enum vmt_resolved, or VMT_MERGE_UNKNOWN: then the
 * outcome is useless.
 */
int vmt_merge_edges(struct vmt_space *space, struct vmt_outcome *outcome,
		    const struct vmt_change *change, const struct vmt_kernel_ops *kernel);

#endif
