/* SPDX-License-Identifier: MIT */
/*
 * Calls that concern more than one map, made directly on the table: munmap and MAP_FIXED over any
 * maps, mprotect and madvise whose pieces do not merge, and a map of a file where nothing was. The
 * result is what resolve.h and effect.h give for any call, with two passes over the maps in the range
 * instead of ten; their tests are run in this way, too. Called under the lock, for each call that
 * fast.h does not handle.
 */
#ifndef VMT_FAST_RANGE_H
#define VMT_FAST_RANGE_H

#include "core/resolve/effect.h"

/*
 * Returns false, with nothing changed, if the kernel must be asked or if pieces merge: the call has
 * to be resolved then. The file of a new map is identified before (vmt_resolve_file()).
 */
VMT_MUST_CHECK bool vmt_fast_range_apply(struct vmt_space *space, const struct vmt_change *change,
					 uint32_t site, uint64_t time,
					 const struct vmt_effect_ops *ops,
					 struct vmt_effect *ret_effect);

#endif
