/* SPDX-License-Identifier: MIT */
/*
 * One descent of the tree finds all that a call can meet: the map at its start and the one behind.
 */
#include "quick.h"

#include "known.h"

/* What a new map touches; NULL: a hole. */
struct sides {
	struct vmt_map *left;
	struct vmt_map *right;
	struct vmt_map *next;	/* behind it, touching or not; NULL = nothing */
};

static bool is_stack(const struct vmt_map *map)
{
	return map && (map->look.flags & VMT_MAP_STACK);	/* it may have grown by itself */
}

static void tell_live(const struct vmt_effect_ops *ops, const struct vmt_map *map, int delta)
{
	if (!(map->look.flags & VMT_MAP_OWN))
		ops->live(ops->context, map->put_by, delta);
}

VMT_HOT static bool has_sides(const struct vmt_space *space, struct vmt_range range, struct sides *sides)
{
	struct vmt_map *map = vmt_space_from(space, range.start - 1);

	*sides = (struct sides){ NULL, NULL, NULL };
	if (map && map->look.end == range.start) {
		sides->left = map;
		map = vmt_space_next(map);
	}
	if (map && map->look.start < range.end)
		return false;	/* something is there that no call explains */
	if (map && map->look.start == range.end)
		sides->right = map;
	sides->next = map;
	return !is_stack(sides->left) && !is_stack(sides->right);
}

/* The map with another start: its record, by which it is found, is made anew. */
static void move_start(struct vmt_space *space, const struct vmt_map *map,
		       const struct vmt_look *look)
{
	const struct vmt_map was = *map;

	vmt_space_remove(space, vmt_space_at(space, was.look.start));	/* its memory serves the insertion */
	vmt_space_insert(space, look, was.mapped_by, was.put_by, was.time);
}

VMT_HOT static void put_new(struct vmt_space *space, struct vmt_map *next, const struct vmt_look *look,
		    uint32_t site, uint64_t time, const struct vmt_effect_ops *ops,
		    struct vmt_effect *effect)
{
	const struct vmt_map *map = vmt_space_insert_before(space, next, look, site, site, time);

	if (map)
		tell_live(ops, map, 1);
	else
		effect->out_of_memory = true;
}

static void join_left(struct vmt_space *space, struct vmt_map *left, const struct vmt_look *look)
{
	struct vmt_look both = left->look;

	vmt_known_merge(&both, look);
	vmt_known_settle_one(&both);
	vmt_space_update(space, left, &both, left->mapped_by, left->put_by, left->time);
}

static void join_right(struct vmt_space *space, const struct vmt_map *right,
		       const struct vmt_look *look)
{
	struct vmt_look both = *look;

	vmt_known_merge(&both, &right->look);
	both.flags |= right->look.flags & VMT_MAP_STORED;
	vmt_known_settle_one(&both);
	move_start(space, right, &both);
}

static enum vmt_answer joins(const struct vmt_space *space, const struct vmt_look *left,
			     const struct vmt_look *right, const struct vmt_look *next)
{
	if (!left || !right || !vmt_look_continues(left, right))
		return VMT_ANSWER_NO;
	return space->reasons && !space->is_sample ? vmt_known_joins(space, left, right, next, NULL) :
				VMT_ANSWER_MAYBE;
}

VMT_HOT static bool apply_fresh(struct vmt_space *space, const struct vmt_simple *simple, uint32_t site,
			uint64_t time, const struct vmt_effect_ops *ops, struct vmt_effect *effect)
{
	struct vmt_look look = {
		.start = simple->range.start,
		.end = simple->range.end,
		.flags = simple->flags | VMT_MAP_CHANGED,
	};
	enum vmt_answer with_left, with_right;
	struct sides sides;

	if (!has_sides(space, simple->range, &sides))
		return false;
	look.kin = vmt_kin_born(space, simple->born);
	with_left = joins(space, sides.left ? &sides.left->look : NULL, &look,
			  sides.right ? &sides.right->look : NULL);
	with_right = joins(space, &look, sides.right ? &sides.right->look : NULL, NULL);
	if (with_left == VMT_ANSWER_MAYBE || with_right == VMT_ANSWER_MAYBE ||
	    (with_left == VMT_ANSWER_YES && with_right == VMT_ANSWER_YES))
		return false;
	effect->call.created = 1;
	effect->call.merged = with_left == VMT_ANSWER_YES || with_right == VMT_ANSWER_YES;
	if (with_left == VMT_ANSWER_YES) {
		join_left(space, sides.left, &look);
	} else if (with_right == VMT_ANSWER_YES) {
		join_right(space, sides.right, &look);
	} else {
		vmt_known_settle_one(&look);
		put_new(space, sides.next, &look, site, time, ops, effect);
	}
	return true;
}

static void cut_end(struct vmt_space *space, struct vmt_map *map, uint64_t end)
{
	struct vmt_look look = map->look;

	look.end = end;
	vmt_space_update(space, map, &look, map->mapped_by, map->put_by, map->time);
}

static void cut_front(struct vmt_space *space, const struct vmt_map *map, uint64_t start)
{
	struct vmt_look look = map->look;

	vmt_look_cut_front(&look, start);
	move_start(space, map, &look);
}

VMT_HOT static bool apply_gone(struct vmt_space *space, struct vmt_range gone,
		       const struct vmt_effect_ops *ops, struct vmt_effect *effect)
{
	struct vmt_map *map = vmt_space_at(space, gone.start);
	bool from_start, to_end;

	if (!map)
		map = vmt_space_find(space, gone.start);
	if (!map || map->look.end < gone.end || is_stack(map))
		return false;
	from_start = map->look.start == gone.start;
	to_end = map->look.end == gone.end;
	/* A stack behind it may reach down to it by now. */
	if ((!from_start && !to_end) || (to_end && is_stack(vmt_space_next(map))))
		return false;
	if (from_start && to_end) {
		tell_live(ops, map, -1);
		vmt_space_remove(space, map);
		effect->call.removed = 1;
	} else if (from_start) {
		cut_front(space, map, gone.end);
	} else {
		cut_end(space, map, gone.start);
	}
	return true;
}

VMT_HOT bool vmt_quick_apply(struct vmt_space *space, const struct vmt_simple *simple, uint32_t site,
		     uint64_t time, const struct vmt_effect_ops *ops,
		     struct vmt_effect *ret_effect)
{
	struct vmt_effect effect = { .out_of_memory = false };
	bool is_done;

	if (simple->is_fresh)
		is_done = apply_fresh(space, simple, site, time, ops, &effect);
	else
		is_done = apply_gone(space, simple->range, ops, &effect);
	if (is_done)
		*ret_effect = effect;
	return is_done;
}
