/* SPDX-License-Identifier: MIT */
/*
 * One descent of the tree finds all maps that such a call can concern: the map at its start and the
 * one behind it. See fast_simple.h.
 */
#include "core/fast/fast_simple.h"

#include "core/fast/fast.h"
#include "core/vma/vma_class.h"

/* The maps that a new map touches; NULL: a hole. */
struct sides {
	struct vmt_map *left;
	struct vmt_map *right;
	struct vmt_map *next; /* the next map, whether or not it touches; NULL = none */
};

VMT_HOT static bool has_sides(const struct vmt_space *space, struct vmt_range range,
			      struct sides *sides)
{
	struct vmt_map *map = vmt_space_from(space, range.start - 1);

	*sides = (struct sides){ NULL, NULL, NULL };
	if (map && map->vma.end == range.start) {
		sides->left = map;
		map = vmt_space_next(map);
	}
	if (map && map->vma.start < range.end)
		return false; /* a map is there that no call explains */
	if (map && map->vma.start == range.end)
		sides->right = map;
	sides->next = map;
	return !vmt_fast_is_stack(sides->left) && !vmt_fast_is_stack(sides->right);
}

VMT_HOT static bool apply_fresh(struct vmt_fast *it, const struct vmt_simple *simple)
{
	struct vmt_vma vma = {
		.start = simple->range.start,
		.end = simple->range.end,
		.flags = simple->flags | VMT_MAP_CHANGED,
	};
	struct vmt_fast_sides merged;
	struct sides sides;

	if (!has_sides(it->space, simple->range, &sides))
		return false;
	vma.vma_class = vmt_vma_class_born(&it->space->rules, simple->born);
	if (!vmt_fast_judge(it->space, &vma, sides.left ? &sides.left->vma : NULL,
			    sides.right ? &sides.right->vma : NULL, &merged))
		return false;
	vmt_fast_place(it, &vma, merged, sides.left, sides.right, sides.next);
	return true;
}

VMT_HOT static bool apply_gone(struct vmt_fast *it, struct vmt_range gone)
{
	struct vmt_map *map = vmt_space_at(it->space, gone.start);

	if (!map)
		map = vmt_space_find(it->space, gone.start);
	if (!map || map->vma.end < gone.end || vmt_fast_is_stack(map))
		return false;
	/* A stack behind the range may have grown down to it. */
	if (map->vma.end == gone.end && vmt_fast_is_stack(vmt_space_next(map)))
		return false;
	vmt_fast_take_out(it, map, gone);
	return true;
}

VMT_HOT bool vmt_fast_simple_apply(struct vmt_space *space, const struct vmt_simple *simple,
				   uint32_t site, uint64_t time, const struct vmt_effect_ops *ops,
				   struct vmt_effect *ret_effect)
{
	struct vmt_fast it = { space, site, time, ops, ret_effect };

	*ret_effect = (struct vmt_effect){ 0 };
	return simple->is_fresh ? apply_fresh(&it, simple) : apply_gone(&it, simple->range);
}
