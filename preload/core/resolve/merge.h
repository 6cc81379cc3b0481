/* SPDX-License-Identifier: MIT */
/*
 * The maps of a sketch that the kernel has joined, after the call was drawn with every cut and no
 * merge. Called by resolve.c; asks the kernel only where merge_rules.h does not tell, and in samples.
 */
#ifndef VMT_MERGE_H
#define VMT_MERGE_H

#include "core/resolve/resolve.h"

#define VMT_JOIN_UNKNOWN (-1)	/* a question had no answer */

/* kernel: NULL = it cannot be asked. Returns enum vmt_learnt, or VMT_JOIN_UNKNOWN: then the sketch is useless. */
int vmt_join_edges(struct vmt_space *space, struct vmt_sketch *sketch,
		   const struct vmt_change *change, const struct vmt_kernel_ops *kernel);

#endif
