/* SPDX-License-Identifier: MIT */
/*
 * See direct.h.
 */
#include "direct.h"

void vmt_direct_move_start(struct vmt_direct *it, struct vmt_map *map, const struct vmt_look *look)
{
	const struct vmt_map was = *map;

	vmt_space_remove(it->space, map);	/* its memory serves the insertion */
	if (!vmt_space_insert(it->space, look, was.mapped_by, was.put_by, was.time))
		it->effect->out_of_memory = true;
}

void vmt_direct_join_left(struct vmt_direct *it, struct vmt_map *left, const struct vmt_look *look)
{
	struct vmt_look both = left->look;

	vmt_known_merge(&both, look);
	vmt_known_settle_one(&both);
	vmt_space_update(it->space, left, &both, left->mapped_by, left->put_by, left->time);
}

void vmt_direct_join_right(struct vmt_direct *it, struct vmt_map *right,
			   const struct vmt_look *look)
{
	struct vmt_look both = *look;

	if (!right)
		return;	/* there was no memory to split it off */
	vmt_known_merge(&both, &right->look);
	both.flags |= right->look.flags & VMT_MAP_STORED;
	vmt_known_settle_one(&both);
	vmt_direct_move_start(it, right, &both);
}
