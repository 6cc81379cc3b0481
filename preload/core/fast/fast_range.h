/* SPDX-License-Identifier: MIT */
/*
 * The commonest of the calls that meet more than one map, made on the table directly: munmap and
 * MAP_FIXED over whatever is there, mprotect and madvise whose pieces merge with nothing. What
 * comes out is what resolve.h and effect.h work out for every call, in two passes over the maps in
 * the range instead of ten; their tests are run this way as well. Called under the lock, for each
 * call that fast_simple.h leaves.
 */
#ifndef VMT_FAST_RANGE_H
#define VMT_FAST_RANGE_H

#include "core/resolve/effect.h"

/* False: nothing is changed, for the kernel must be asked or pieces merge; learn it. */
VMT_MUST_CHECK bool vmt_fast_range_apply(struct vmt_space *space, const struct vmt_change *change,
					 uint32_t site, uint64_t time,
					 const struct vmt_effect_ops *ops,
					 struct vmt_effect *ret_effect);

#endif
