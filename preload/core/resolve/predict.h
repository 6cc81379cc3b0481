/* SPDX-License-Identifier: MIT */
/*
 * Applies a call to the maps as they were before it, as far as the call alone determines the
 * result. It asks the kernel nothing but which file a descriptor is. Called by resolve.c.
 */
#ifndef VMT_PREDICT_H
#define VMT_PREDICT_H

#include "core/resolve/kernel_ops.h"
#include "core/vma/change.h"

/*
 * Apply change to outcome. kernel: identifies the file of a descriptor; NULL: no file can be
 * identified. False: the call does not fit the maps in outcome, or memory ran out.
 */
bool vmt_predict_change(struct vmt_space *space, struct vmt_outcome *outcome,
			const struct vmt_change *change, const struct vmt_kernel_ops *kernel);

#endif
