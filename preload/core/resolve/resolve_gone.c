/* SPDX-License-Identifier: MIT */
/*
 * The maps that shmdt and io_destroy remove start at the given address and all belong to one file.
 * So there is no need to look everywhere, unless other maps lie between the pieces or took the
 * place of the first one. Called for every call that fast.h does not handle; pure.
 */
#include "core/resolve/resolve_gone.h"

/* The kernel's rule for what shmdt removes (ipc/shm.c, ksys_shmdt), as far as it is visible. */
static bool may_be_piece(const struct vmt_map *map, uint64_t addr)
{
	return map->vma.inode && map->vma.start - addr == map->vma.offset;
}

void vmt_resolve_gone(const struct vmt_space *space, const struct vmt_done *done,
		      struct vmt_change *change)
{
	uint64_t addr = (uint64_t)done->args[0];
	struct vmt_map *first, *map;
	struct vmt_range whole = { addr, addr };

	if (change->how != VMT_CHANGE_EVERYTHING ||
	    (done->call != VMT_CALL_SHMDT && done->call != VMT_CALL_IO_DESTROY))
		return;
	first = vmt_space_at(space, addr);
	if (!first)
		return;
	for (map = first; map && map->vma.start == whole.end && may_be_piece(map, addr) &&
			  map->vma.inode == first->vma.inode;
	     map = vmt_space_next(map))
		whole.end = map->vma.end;
	for (; map; map = vmt_space_next(map))
		if (may_be_piece(map, addr))
			return;
	if (vmt_range_is_empty(whole))
		return;
	change->how = VMT_CHANGE_WALK;
	change->window[0] = change->gone[0] = whole;
}
