/* SPDX-License-Identifier: MIT */
/*
 * Calls that name an address and no length, shmdt and io_destroy: from the table, the range that
 * they took away, so that not the whole address space has to be learnt.
 */
#ifndef VMT_RESOLVE_GONE_H
#define VMT_RESOLVE_GONE_H

#include "core/vma/change.h"
#include "core/vma/space.h"

/*
 * Narrow change, which was decoded from done, with the help of the table where the table leaves no
 * doubt; space is as before the call.
 */
void vmt_resolve_gone(const struct vmt_space *space, const struct vmt_done *done,
		      struct vmt_change *change);

#endif
