/* SPDX-License-Identifier: MIT */
/*
 * The most frequent calls, at a third of the cost: memory mapped where nothing was, and one map or
 * a piece of it unmapped, when no question is open. All other calls are left to resolve.h and
 * effect.h; this must do exactly what they would have done.
 */
#ifndef VMT_FAST_SIMPLE_H
#define VMT_FAST_SIMPLE_H

#include "core/resolve/effect.h"

/*
 * Update space and set ret_effect as vmt_resolve() and vmt_effect_apply() would without asking.
 * Returns false, with nothing changed, if it is not one of these calls.
 */
bool vmt_fast_simple_apply(struct vmt_space *space, const struct vmt_simple *simple, uint32_t site,
			   uint64_t time, const struct vmt_effect_ops *ops,
			   struct vmt_effect *ret_effect);

#endif
