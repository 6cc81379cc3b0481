/* SPDX-License-Identifier: MIT */
/* Changes to single maps; see fast.h. */
#include "core/fast/fast.h"

void vmt_fast_move_start(struct vmt_fast *it, struct vmt_map *map, const struct vmt_vma *vma)
{
	const struct vmt_map was = *map;

	vmt_space_remove(it->space, map); /* this frees the memory that the insertion needs */
	if (!vmt_space_insert(it->space, vma, was.mapped_by, was.put_by, was.time))
		it->effect->out_of_memory = true;
}

void vmt_fast_merge_left(struct vmt_fast *it, struct vmt_map *left, const struct vmt_vma *vma)
{
	struct vmt_vma both = left->vma;

	vmt_merge_rules_combine(&both, vma);
	vmt_merge_rules_settle_one(&both);
	vmt_space_update(it->space, left, &both, left->mapped_by, left->put_by, left->time);
}

void vmt_fast_merge_right(struct vmt_fast *it, struct vmt_map *right, const struct vmt_vma *vma)
{
	struct vmt_vma both = *vma;

	if (!right)
		return; /* there was no memory for the piece that had to be split off */
	vmt_merge_rules_combine(&both, &right->vma);
	both.flags |= right->vma.flags & VMT_MAP_STORED;
	vmt_merge_rules_settle_one(&both);
	vmt_fast_move_start(it, right, &both);
}

struct vmt_vma vmt_fast_up_to(const struct vmt_vma *vma, uint64_t end)
{
	struct vmt_vma part = *vma;

	if (part.end <= end)
		return part;
	part.end = end;
	part.right_anon = 0;
	return part;
}

struct vmt_vma vmt_fast_from(const struct vmt_vma *vma, uint64_t start)
{
	struct vmt_vma part = *vma;

	if (part.start >= start)
		return part;
	vmt_vma_cut_front(&part, start);
	part.left_anon = 0;
	return part;
}

struct vmt_vma vmt_fast_altered(const struct vmt_vma *vma, const struct vmt_change *change,
				struct vmt_range range)
{
	struct vmt_vma part = vmt_fast_from(vma, range.start);

	part = vmt_fast_up_to(&part, range.end);
	vmt_merge_rules_alter(&part, change);
	return part;
}

void vmt_fast_set_vma(struct vmt_fast *it, struct vmt_map *map, const struct vmt_vma *vma)
{
	if (vmt_vma_same(&map->vma, vma) && !((map->vma.flags ^ vma->flags) & VMT_MAP_STORED))
		map->vma = *vma;
	else
		vmt_space_update(it->space, map, vma, map->mapped_by, map->put_by, map->time);
}

void vmt_fast_split_off(struct vmt_fast *it, const struct vmt_vma *vma, uint32_t mapped_by)
{
	it->effect->call.split++;
	vmt_fast_put(it, NULL, vma, mapped_by);
}

void vmt_fast_take_part(struct vmt_fast *it, struct vmt_map *map, struct vmt_range range)
{
	const struct vmt_vma front = vmt_fast_up_to(&map->vma, range.start);
	const struct vmt_vma rest = vmt_fast_from(&map->vma, range.end);
	bool has_rest = map->vma.end > range.end;

	if (map->vma.start >= range.start) {
		vmt_fast_move_start(it, map, &rest);
		return;
	}
	vmt_fast_set_vma(it, map, &front);
	if (has_rest)
		vmt_fast_split_off(it, &rest, map->mapped_by);
}
