/* SPDX-License-Identifier: MIT */
/*
 * Whole stacks and the call site that each was found to be of: for a stack that was met before, one
 * comparison instead of a walk and a look-up. Asked before every call, outside the lock; filled
 * under it. See unwind_recall.c for why an answer is what a walk and a look-up would give.
 */
#ifndef VMT_UNWIND_RECALL_H
#define VMT_UNWIND_RECALL_H

#include "os/shim.h"

/* What a stack was found to be. */
struct vmt_recalled {
	uint64_t salt; /* of the epoch (unwind_rows.h) that it was asked for in */
	uint64_t hash; /* as in struct vmt_walk */
	uint32_t site; /* the number that was kept with it */
};

/* Memory for the stacks, zeroed; NULL = none: nothing is recalled any more. */
void vmt_unwind_recall_set(void *memory, size_t bytes);

/* Is the stack of this call remembered? It lies within bounds (vmt_bounds_of). */
bool vmt_unwind_recall_find(const struct vmt_regs *regs, struct vmt_range bounds, uint32_t call,
			    struct vmt_recalled *ret_whole);

/* Looked at under the lock, where code goes: is it still so? */
bool vmt_unwind_recall_holds(const struct vmt_recalled *whole);

/*
 * The stack of this call, which a walk has just recalled to its end, is that site's: remember it.
 * What stack holds besides is lost.
 */
void vmt_unwind_recall_keep(const struct vmt_regs *regs, uint32_t call, uint32_t site,
			    struct vmt_walk *stack);

#endif
