/* SPDX-License-Identifier: MIT */
/*
 * Merges are judged from left to right, as in merge.c, before anything is changed. See
 * fast_protect.h.
 */
#include "core/fast/fast_protect.h"

/* A map, cut at the ends of the range. */
struct pieces {
	struct vmt_vma front;
	struct vmt_vma part; /* the altered piece, later with what it has merged with */
	struct vmt_vma rest;
	bool has_front;
	bool has_rest;
};

static struct pieces cut(struct vmt_space *space, const struct vmt_vma *vma,
			 const struct vmt_change *change, struct vmt_range range)
{
	struct pieces pieces = {
		.front = vmt_fast_up_to(vma, range.start),
		.part = vmt_fast_altered(vma, change, range),
		.rest = vmt_fast_from(vma, range.end),
		.has_front = (vma->start < range.start),
		.has_rest = (vma->end > range.end),
	};

	if (pieces.has_front) {
		vmt_anon_vma_cut(&pieces.front, &pieces.part, &space->rules.last_anon_cut);
		vmt_merge_rules_settle_one(&pieces.front);
	}
	if (pieces.has_rest) {
		vmt_anon_vma_cut(&pieces.part, &pieces.rest, &space->rules.last_anon_cut);
		vmt_merge_rules_settle_one(&pieces.rest);
	}
	return pieces;
}

/*
 * Does the altered piece certainly merge, or certainly not? part becomes what it merges into.
 * left, right: the maps that touch the piece after the call; NULL = none.
 */
static bool judge_part(const struct vmt_space *space, const struct vmt_vma *left,
		       const struct vmt_vma *right, struct vmt_vma *part,
		       struct vmt_fast_sides *ret_sides)
{
	enum vmt_answer with_left = VMT_ANSWER_NO, with_right = VMT_ANSWER_NO;
	struct vmt_pending_merge pending;

	if (left)
		with_left = vmt_fast_merges(&space->rules, left, part, right, NULL);
	ret_sides->merges_left = with_left == VMT_ANSWER_YES;
	if (ret_sides->merges_left) {
		pending = (struct vmt_pending_merge){ *left, *part, false };
		*part = *left;
		vmt_merge_rules_combine(part, &pending.middle);
	}
	if (right)
		with_right = vmt_fast_merges(&space->rules, part, right, NULL,
					     ret_sides->merges_left ? &pending : NULL);
	ret_sides->merges_right = with_right == VMT_ANSWER_YES;
	if (ret_sides->merges_right)
		vmt_merge_rules_combine(part, right);
	return with_left != VMT_ANSWER_MAYBE && with_right != VMT_ANSWER_MAYBE;
}

/* The altered piece starts where the map did, or after its front. */
static void keep(struct vmt_fast *it, struct vmt_map *map, const struct pieces *pieces)
{
	uint32_t mapped_by = map->mapped_by; /* the front may get another */

	if (pieces->has_front) {
		vmt_fast_set_vma(it, map, &pieces->front);
		vmt_fast_split_off(it, &pieces->part, mapped_by, VMT_START_CUT);
	} else {
		vmt_fast_set_vma(it, map, &pieces->part);
	}
	if (pieces->has_rest)
		vmt_fast_split_off(it, &pieces->rest, mapped_by, VMT_START_CUT);
	if (pieces->has_front || pieces->has_rest)
		vmt_fast_settle_again(it, map);
}

/* The altered piece merges with the map to its left. The rest of its own map stays a map. */
static void hand_over(struct vmt_fast *it, struct vmt_map *left, struct vmt_map *map,
		      const struct pieces *pieces)
{
	uint32_t mapped_by = map->mapped_by;

	vmt_fast_drop(it, map);
	if (pieces->has_rest)
		vmt_fast_split_off(it, &pieces->rest, mapped_by, VMT_START_CUT);
	vmt_fast_set_vma(it, left, &pieces->part);
}

/* The altered piece becomes part of its neighbour on the left, and that on the right part of it. */
static void note_joined(const struct vmt_fast *it, struct vmt_fast_sides sides,
			const struct vmt_map *left, const struct vmt_map *map,
			struct vmt_range range, const struct vmt_map *right)
{
	const struct vmt_range piece = {
		map->vma.start,
		map->vma.end < range.end ? map->vma.end : range.end,
	};

	if (sides.merges_left)
		vmt_space_note_joined(it->space, piece,
				      (struct vmt_owners){ map->mapped_by, map->put_by },
				      left->mapped_by);
	if (sides.merges_right)
		vmt_space_note_joined(it->space,
				      (struct vmt_range){ right->vma.start, right->vma.end },
				      (struct vmt_owners){ right->mapped_by, right->put_by },
				      sides.merges_left ? left->mapped_by : map->mapped_by);
}

bool vmt_fast_protect_one(struct vmt_fast *it, const struct vmt_change *change,
			  struct vmt_range range, struct vmt_map *left, struct vmt_map *map,
			  struct vmt_map *right)
{
	struct pieces pieces = cut(it->space, &map->vma, change, range);
	struct vmt_fast_sides sides;

	if (!judge_part(it->space,
			pieces.has_front ? &pieces.front :
			left             ? &left->vma :
					   NULL,
			pieces.has_rest ? &pieces.rest :
			right           ? &right->vma :
					  NULL,
			&pieces.part, &sides))
		return false;
	/* It does not merge with the rest of its own map. */
	if ((sides.merges_left && pieces.has_front) || (sides.merges_right && pieces.has_rest))
		return false;
	vmt_merge_rules_settle_one(&pieces.part);
	it->effect->call.merged = (uint64_t)sides.merges_left + sides.merges_right;
	note_joined(it, sides, left, map, range, right);
	if (sides.merges_right)
		vmt_fast_drop(it, right);
	if (sides.merges_left)
		hand_over(it, left, map, &pieces);
	else
		keep(it, map, &pieces);
	return true;
}

void vmt_fast_protect_apart(struct vmt_fast *it, const struct vmt_change *change,
			    struct vmt_range range, struct vmt_map *map)
{
	struct pieces pieces = cut(it->space, &map->vma, change, range);

	vmt_merge_rules_settle_one(&pieces.part);
	keep(it, map, &pieces);
}
