/* SPDX-License-Identifier: MIT */
/*
 * Changes made on the table itself, without a sketch of it, when what the call has done is certain:
 * what fast_simple.c, fast_range.c and fast_protect.c have in common. Each does only what resolve.h and effect.h would have
 * done. A lack of memory is noted in the effect and stops nothing. Inline is what most calls need.
 */
#ifndef VMT_FAST_H
#define VMT_FAST_H

#include "core/resolve/effect.h"
#include "core/vma/merge_rules.h"

/* One call and where it is written down. */
struct vmt_direct {
	struct vmt_space *space;
	uint32_t site;
	uint64_t time;
	const struct vmt_effect_ops *ops;
	struct vmt_effect *effect;
};

/* With whom a new map becomes one. */
struct vmt_direct_sides {
	bool joins_left;
	bool joins_right;
};

/* It may have grown by itself. NULL: there is no map. */
static inline bool vmt_direct_is_stack(const struct vmt_map *map)
{
	return map && (map->look.flags & VMT_MAP_STACK);
}

/* Are two neighbours one? next, seam: see vmt_known_joins. */
static inline enum vmt_answer
vmt_direct_joins(const struct vmt_space *space, const struct vmt_look *left,
		 const struct vmt_look *right, const struct vmt_look *next,
		 const struct vmt_seam *seam)
{
	if (!vmt_look_continues(left, right))
		return VMT_ANSWER_NO;
	return space->reasons && !space->is_sample ?
		       vmt_known_joins(space, left, right, next, seam) :
		       VMT_ANSWER_MAYBE;
}

/* Does the new map join what will lie beside it? NULL: nothing touches it there. False: it is not
 * certain, or it joins both. */
static inline bool vmt_direct_judge(const struct vmt_space *space, const struct vmt_look *look,
				    const struct vmt_look *left, const struct vmt_look *right,
				    struct vmt_direct_sides *ret_sides)
{
	enum vmt_answer with_left = VMT_ANSWER_NO, with_right = VMT_ANSWER_NO;

	if (left)
		with_left = vmt_direct_joins(space, left, look, right, NULL);
	if (right)
		with_right = vmt_direct_joins(space, look, right, NULL, NULL);
	ret_sides->joins_left = with_left == VMT_ANSWER_YES;
	ret_sides->joins_right = with_right == VMT_ANSWER_YES;
	return with_left != VMT_ANSWER_MAYBE && with_right != VMT_ANSWER_MAYBE &&
	       !(ret_sides->joins_left && ret_sides->joins_right);
}

/* A map that the call puts there; next: what follows, if that is known, otherwise NULL. */
static inline void vmt_direct_put(struct vmt_direct *it, struct vmt_map *next,
				  const struct vmt_look *look, uint32_t mapped_by)
{
	const struct vmt_map *map =
		vmt_space_insert_before(it->space, next, look, mapped_by, it->site, it->time);

	if (map)
		vmt_effect_tell_live(it->ops, map->put_by, map->look.flags, 1);
	else
		it->effect->out_of_memory = true;
}

/* Its record goes, its bytes belong to another one, or to nothing. */
static inline void vmt_direct_drop(struct vmt_direct *it, struct vmt_map *map)
{
	vmt_effect_tell_live(it->ops, map->put_by, map->look.flags, -1);
	vmt_space_remove(it->space, map);
}

/* It is gone. */
static inline void vmt_direct_take(struct vmt_direct *it, struct vmt_map *map)
{
	vmt_direct_drop(it, map);
	it->effect->call.removed++;
}

/* What of it lies in the range is gone. */
void vmt_direct_take_part(struct vmt_direct *it, struct vmt_map *map, struct vmt_range range);

static inline void vmt_direct_take_out(struct vmt_direct *it, struct vmt_map *map,
				       struct vmt_range range)
{
	if (map->look.start >= range.start && map->look.end <= range.end)
		vmt_direct_take(it, map);
	else
		vmt_direct_take_part(it, map, range);
}

/* A further piece of a map. */
void vmt_direct_split_off(struct vmt_direct *it, const struct vmt_look *look, uint32_t mapped_by);

/* What of a map lies before end, and from start on. Beside a hole nothing is known of a neighbour's
 * anon_vma (anon_vma.h). */
struct vmt_look vmt_direct_up_to(const struct vmt_look *look, uint64_t end);
struct vmt_look vmt_direct_from(const struct vmt_look *look, uint64_t start);

/* What the call makes of the bytes of a map in its range. */
struct vmt_look vmt_direct_altered(const struct vmt_look *look, const struct vmt_change *change,
				   struct vmt_range range);

/* The same start and owners. What is only known of it is not published. */
void vmt_direct_set_look(struct vmt_direct *it, struct vmt_map *map, const struct vmt_look *look);

/* The same owners at another start: its record, by which it is found, is made anew. */
void vmt_direct_move_start(struct vmt_direct *it, struct vmt_map *map, const struct vmt_look *look);

/* The call's new map becomes part of the one that it touches. */
void vmt_direct_join_left(struct vmt_direct *it, struct vmt_map *left, const struct vmt_look *look);
void vmt_direct_join_right(struct vmt_direct *it, struct vmt_map *right,
			   const struct vmt_look *look);

/* The call's new map: on its own, before next (see _put), or as part of left or right. */
static inline void vmt_direct_place(struct vmt_direct *it, struct vmt_look *look,
				    struct vmt_direct_sides sides, struct vmt_map *left,
				    struct vmt_map *right, struct vmt_map *next)
{
	it->effect->call.created = 1;
	it->effect->call.merged = sides.joins_left || sides.joins_right;
	if (sides.joins_left) {
		vmt_direct_join_left(it, left, look);
	} else if (sides.joins_right) {
		vmt_direct_join_right(it, right, look);
	} else {
		vmt_known_settle_one(look);
		vmt_direct_put(it, next, look, it->site);
	}
}

#endif
