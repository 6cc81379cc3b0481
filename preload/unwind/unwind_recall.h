/* SPDX-License-Identifier: MIT */
/*
 * Whole stacks, each with the call site that it belongs to: a stack that was seen before needs one
 * comparison instead of a walk and a look-up. Asked before every call, outside the lock; filled
 * under the lock. unwind_recall.c explains why the answer is what a walk and a look-up would give.
 */
#ifndef VMT_UNWIND_RECALL_H
#define VMT_UNWIND_RECALL_H

#include "os/shim.h"

/* The result for a stack. */
struct vmt_recalled {
	uint64_t salt; /* of the epoch (unwind_epoch.h) in which it was asked for */
	uint64_t hash; /* as in struct vmt_walk */
	uint32_t site; /* the site that was stored with the stack */
};

/* Memory for the stacks, zeroed; NULL: nothing is recalled from now on. */
void vmt_unwind_recall_set(void *memory, size_t bytes);

/* Is the stack of this call remembered? Its sp must lie within bounds (vmt_bounds_of()). */
bool vmt_unwind_recall_find(const struct vmt_regs *regs, struct vmt_range bounds, uint32_t call,
			    struct vmt_recalled *ret_recalled);

/* Is the result still valid? To be asked under the lock, where code is unmapped. */
bool vmt_unwind_recall_holds(const struct vmt_recalled *recalled);

/*
 * Remember that the stack of this call, which a walk has just recalled to its end, belongs to
 * `site`. The rest of *stack is overwritten.
 */
void vmt_unwind_recall_keep(const struct vmt_regs *regs, uint32_t call, uint32_t site,
			    struct vmt_walk *stack);

#endif
