/* SPDX-License-Identifier: MIT */
/*
 * See fast_protect.h. Judged from left to right, as merge.c does it; then done.
 */
#include "core/fast/fast_protect.h"

/* A map cut at the ends of the range. */
struct pieces {
	struct vmt_look front;
	struct vmt_look part;	/* the altered one, later with what it has become one with */
	struct vmt_look rest;
	bool has_front;
	bool has_rest;
};

static struct pieces cut(struct vmt_space *space, const struct vmt_look *look,
			 const struct vmt_change *change, struct vmt_range range)
{
	struct pieces pieces = {
		.front = vmt_direct_up_to(look, range.start),
		.part = vmt_direct_altered(look, change, range),
		.rest = vmt_direct_from(look, range.end),
		.has_front = look->start < range.start,
		.has_rest = look->end > range.end,
	};

	if (pieces.has_front) {
		vmt_ties_cut(&pieces.front, &pieces.part, &space->last_tie);
		vmt_known_settle_one(&pieces.front);
	}
	if (pieces.has_rest) {
		vmt_ties_cut(&pieces.part, &pieces.rest, &space->last_tie);
		vmt_known_settle_one(&pieces.rest);
	}
	return pieces;
}

/* left, right: what lies beside the part after the call, NULL = nothing that touches it. */
static bool is_certain(const struct vmt_space *space, const struct vmt_look *left,
		       const struct vmt_look *right, struct vmt_look *part,
		       struct vmt_direct_sides *ret_sides)
{
	enum vmt_answer with_left = VMT_ANSWER_NO, with_right = VMT_ANSWER_NO;
	struct vmt_seam seam;

	if (left)
		with_left = vmt_direct_joins(space, left, part, right, NULL);
	ret_sides->joins_left = with_left == VMT_ANSWER_YES;
	if (ret_sides->joins_left) {
		seam = (struct vmt_seam){ *left, *part, false };
		*part = *left;
		vmt_known_merge(part, &seam.middle);
	}
	if (right)
		with_right = vmt_direct_joins(space, part, right, NULL,
					      ret_sides->joins_left ? &seam : NULL);
	ret_sides->joins_right = with_right == VMT_ANSWER_YES;
	if (ret_sides->joins_right)
		vmt_known_merge(part, right);
	return with_left != VMT_ANSWER_MAYBE && with_right != VMT_ANSWER_MAYBE;
}

/* The part begins where map did, or behind its front. */
static void keep(struct vmt_direct *it, struct vmt_map *map, const struct pieces *pieces)
{
	if (pieces->has_front) {
		vmt_direct_set_look(it, map, &pieces->front);
		vmt_direct_split_off(it, &pieces->part, map->mapped_by);
	} else {
		vmt_direct_set_look(it, map, &pieces->part);
	}
	if (pieces->has_rest)
		vmt_direct_split_off(it, &pieces->rest, map->mapped_by);
}

/* The part belongs to the map on its left; of map, its rest is left, or nothing. */
static void hand_over(struct vmt_direct *it, struct vmt_map *left, struct vmt_map *map,
		      const struct pieces *pieces)
{
	uint32_t mapped_by = map->mapped_by;

	vmt_direct_drop(it, map);
	if (pieces->has_rest)
		vmt_direct_split_off(it, &pieces->rest, mapped_by);
	vmt_direct_set_look(it, left, &pieces->part);
}

bool vmt_alter_one(struct vmt_direct *it, const struct vmt_change *change, struct vmt_range range,
		   struct vmt_map *left, struct vmt_map *map, struct vmt_map *right)
{
	struct pieces pieces = cut(it->space, &map->look, change, range);
	struct vmt_direct_sides sides;

	if (!is_certain(it->space, pieces.has_front ? &pieces.front : left ? &left->look : NULL,
			pieces.has_rest ? &pieces.rest : right ? &right->look : NULL,
			&pieces.part, &sides))
		return false;
	/* Not with what is left of its own map. */
	if ((sides.joins_left && pieces.has_front) || (sides.joins_right && pieces.has_rest))
		return false;
	vmt_known_settle_one(&pieces.part);
	it->effect->call.merged = (uint64_t)sides.joins_left + sides.joins_right;
	if (sides.joins_right)
		vmt_direct_drop(it, right);
	if (sides.joins_left)
		hand_over(it, left, map, &pieces);
	else
		keep(it, map, &pieces);
	return true;
}

void vmt_alter_apart(struct vmt_direct *it, const struct vmt_change *change,
		     struct vmt_range range, struct vmt_map *map)
{
	struct pieces pieces = cut(it->space, &map->look, change, range);

	vmt_known_settle_one(&pieces.part);
	keep(it, map, &pieces);
}
