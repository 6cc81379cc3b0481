/* SPDX-License-Identifier: MIT */
/*
 * shmdt and io_destroy take an address but no length. This finds the range that they removed from
 * the table, so that not the whole address space has to be read.
 */
#ifndef VMT_RESOLVE_GONE_H
#define VMT_RESOLVE_GONE_H

#include "core/vma/change.h"
#include "core/vma/space.h"

/*
 * Narrow change, which was decoded from done, if the table leaves no doubt. space: the table before
 * the call.
 */
void vmt_resolve_gone(const struct vmt_space *space, const struct vmt_done *done,
		      struct vmt_change *change);

#endif
