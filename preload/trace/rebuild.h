/* SPDX-License-Identifier: MIT */
/*
 * Makes the table anew: after the lock was taken over from a holder that has gone, and in a fork
 * child.
 */
#ifndef VMT_REBUILD_H
#define VMT_REBUILD_H

#include "state/state.h"

/*
 * The table may be half-changed: discard it, and take the owners from the published copy. Under the
 * lock.
 */
void vmt_rebuild(struct vmt_state *state);

/*
 * In a fork child: the maps are the parent's, except for a few; the library's own may be new ones.
 */
void vmt_rebuild_inherited(struct vmt_state *state);

#endif
