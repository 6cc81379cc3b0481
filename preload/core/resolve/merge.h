/* SPDX-License-Identifier: MIT */
/*
 * Decides which maps of an outcome the kernel has merged, after predict.c has made every cut and no
 * merge. Called by resolve.c. It asks the kernel only where merge_rules.h leaves the answer open,
 * and as a sample.
 */
#ifndef VMT_MERGE_H
#define VMT_MERGE_H

#include "core/resolve/kernel_ops.h"
#include "core/vma/change.h"

#define VMT_MERGE_UNKNOWN (-1) /* the kernel did not answer a question */

/*
 * kernel: NULL = it cannot be asked. Returns an enum vmt_resolved, or VMT_MERGE_UNKNOWN: the
 * outcome is useless then.
 */
int vmt_merge_neighbours(struct vmt_space *space, struct vmt_outcome *outcome,
			 const struct vmt_change *change, const struct vmt_kernel_ops *kernel);

#endif
