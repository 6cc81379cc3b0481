/* SPDX-License-Identifier: MIT */
/*
 * Applies a call to the maps as they were before it, as far as the call alone determines the
 * result. Called by resolve.c.
 */
#ifndef VMT_PREDICT_H
#define VMT_PREDICT_H

#include "core/vma/change.h"
#include "core/vma/outcome.h"

/*
 * Apply change to outcome. False: the call does not fit the maps in outcome, or memory ran out.
 */
bool vmt_predict_change(struct vmt_space *space, struct vmt_outcome *outcome,
			const struct vmt_change *change);

#endif
