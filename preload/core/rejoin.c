/* SPDX-License-Identifier: MIT */
/*
 * See rejoin.h. Judged from left to right, as join.c does it; then done.
 */
#include "rejoin.h"

/* The altered piece, with what it has become one with. */
struct piece {
	struct vmt_look look;
	struct vmt_seam seam;
	struct vmt_direct_sides sides;
};

static enum vmt_answer judge(const struct vmt_space *space, const struct vmt_look *left,
			     const struct vmt_look *right, const struct vmt_look *next,
			     const struct vmt_seam *seam)
{
	if (!vmt_look_continues(left, right))
		return VMT_ANSWER_NO;
	return space->is_sample ? VMT_ANSWER_MAYBE :
				  vmt_known_joins(space, left, right, next, seam);
}

/* left, right: what lies beside it after the call, NULL = nothing that touches it. */
static bool is_certain(const struct vmt_space *space, const struct vmt_look *left,
		       const struct vmt_look *right, struct piece *piece)
{
	enum vmt_answer with_left = VMT_ANSWER_NO, with_right = VMT_ANSWER_NO;

	if (left)
		with_left = judge(space, left, &piece->look, right, NULL);
	piece->sides.joins_left = with_left == VMT_ANSWER_YES;
	if (piece->sides.joins_left) {
		struct vmt_look both = *left;

		piece->seam = (struct vmt_seam){ *left, piece->look, false };
		vmt_known_merge(&both, &piece->look);
		piece->look = both;
	}
	if (right)
		with_right = judge(space, &piece->look, right, NULL,
				   piece->sides.joins_left ? &piece->seam : NULL);
	piece->sides.joins_right = with_right == VMT_ANSWER_YES;
	if (piece->sides.joins_right)
		vmt_known_merge(&piece->look, right);
	return with_left != VMT_ANSWER_MAYBE && with_right != VMT_ANSWER_MAYBE;
}

/* Does it join a neighbour, and not what is left of its own map? */
static bool is_one_more(const struct vmt_direct_sides *sides, bool has_front, bool has_rest)
{
	return (sides->joins_left || sides->joins_right) && !(sides->joins_left && has_front) &&
	       !(sides->joins_right && has_rest);
}

/* The piece goes to the map on its left; of map, its rest is left, or nothing. */
static void leave(struct vmt_direct *it, struct vmt_map *map, const struct vmt_look *rest)
{
	uint32_t mapped_by = map->mapped_by;

	vmt_direct_drop(it, map);
	if (!rest)
		return;
	it->effect->call.split++;
	vmt_direct_put(it, NULL, rest, mapped_by);
}

/* The piece begins where map did, or behind its front. */
static void stay(struct vmt_direct *it, struct vmt_map *map, const struct vmt_look *front,
		 const struct vmt_look *look)
{
	if (!front) {
		vmt_direct_set_look(it, map, look);
		return;
	}
	it->effect->call.split++;
	vmt_direct_set_look(it, map, front);
	vmt_direct_put(it, NULL, look, map->mapped_by);
}

bool vmt_rejoin_apply(struct vmt_direct *it, const struct vmt_change *change,
		      struct vmt_range range, struct vmt_map *left, struct vmt_map *map,
		      struct vmt_map *right)
{
	struct vmt_look front = vmt_direct_up_to(&map->look, range.start);
	struct vmt_look rest = vmt_direct_from(&map->look, range.end);
	struct piece piece = { .look = vmt_direct_altered(&map->look, change, range) };
	bool has_front = map->look.start < range.start;
	bool has_rest = map->look.end > range.end;

	if ((has_front && has_rest) || vmt_known_keeps(&map->look, change))
		return false;
	if (has_front)
		vmt_direct_cut(it->space, &front, &piece.look);
	if (has_rest)
		vmt_direct_cut(it->space, &piece.look, &rest);
	if (!is_certain(it->space, has_front ? &front : left ? &left->look : NULL,
			has_rest ? &rest : right ? &right->look : NULL, &piece) ||
	    !is_one_more(&piece.sides, has_front, has_rest))
		return false;
	vmt_known_settle_one(&piece.look);
	it->effect->call.merged = (uint64_t)piece.sides.joins_left + piece.sides.joins_right;
	if (piece.sides.joins_right)
		vmt_direct_drop(it, right);
	if (piece.sides.joins_left) {
		leave(it, map, has_rest ? &rest : NULL);
		vmt_direct_set_look(it, left, &piece.look);
	} else {
		stay(it, map, has_front ? &front : NULL, &piece.look);
	}
	return true;
}
