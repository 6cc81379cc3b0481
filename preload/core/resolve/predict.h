/* SPDX-License-Identifier: MIT */
/*
 * Drawing what a call did over the maps as they were, as far as the call alone tells it.
 * Asks nothing but which file a descriptor is. Called by resolve.c.
 */
#ifndef VMT_PREDICT_H
#define VMT_PREDICT_H

#include "core/resolve/resolve.h"

/*
 * Draw the outcome of change. kernel: who knows which file a descriptor is; NULL: nobody does.
 * False: the call does not fit the maps in the outcome, or memory has run out.
 */
bool vmt_predict_change(struct vmt_space *space, struct vmt_outcome *outcome,
			const struct vmt_change *change, const struct vmt_kernel_ops *kernel);

#endif
