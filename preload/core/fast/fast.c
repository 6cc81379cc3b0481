/* SPDX-License-Identifier: MIT */
/*
 * See fast.h.
 */
#include "core/fast/fast.h"

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

struct vmt_look vmt_direct_up_to(const struct vmt_look *look, uint64_t end)
{
	struct vmt_look part = *look;

	if (part.end <= end)
		return part;
	part.end = end;
	part.right_tie = 0;
	return part;
}

struct vmt_look vmt_direct_from(const struct vmt_look *look, uint64_t start)
{
	struct vmt_look part = *look;

	if (part.start >= start)
		return part;
	vmt_look_cut_front(&part, start);
	part.left_tie = 0;
	return part;
}

struct vmt_look vmt_direct_altered(const struct vmt_look *look, const struct vmt_change *change,
				   struct vmt_range range)
{
	struct vmt_look part = vmt_direct_from(look, range.start);

	part = vmt_direct_up_to(&part, range.end);
	vmt_known_alter(&part, change);
	return part;
}

void vmt_direct_set_look(struct vmt_direct *it, struct vmt_map *map, const struct vmt_look *look)
{
	if (vmt_look_same(&map->look, look) &&
	    !((map->look.flags ^ look->flags) & VMT_MAP_STORED))
		map->look = *look;
	else
		vmt_space_update(it->space, map, look, map->mapped_by, map->put_by, map->time);
}

void vmt_direct_split_off(struct vmt_direct *it, const struct vmt_look *look, uint32_t mapped_by)
{
	it->effect->call.split++;
	vmt_direct_put(it, NULL, look, mapped_by);
}

void vmt_direct_take_part(struct vmt_direct *it, struct vmt_map *map, struct vmt_range range)
{
	const struct vmt_look front = vmt_direct_up_to(&map->look, range.start);
	const struct vmt_look rest = vmt_direct_from(&map->look, range.end);
	bool has_rest = map->look.end > range.end;

	if (map->look.start >= range.start) {
		vmt_direct_move_start(it, map, &rest);
		return;
	}
	vmt_direct_set_look(it, map, &front);
	if (has_rest)
		vmt_direct_split_off(it, &rest, map->mapped_by);
}
