/* SPDX-License-Identifier: MIT */
/*
 * Changes made directly on the table, without an outcome, when it is certain what the call has
 * done: shared by fast_simple.c, fast_range.c and fast_protect.c. Each must do exactly what
 * resolve.h and effect.h would have done. Out of memory is noted in the effect, and the work goes
 * on. Functions that most calls need are inline.
 */
#ifndef VMT_FAST_H
#define VMT_FAST_H

#include "core/resolve/effect.h"
#include "core/vma/merge_rules.h"

/* One call, and where its effect is noted. */
struct vmt_fast {
	struct vmt_space *space;
	uint32_t site;
	uint64_t time;
	const struct vmt_effect_ops *ops;
	struct vmt_effect *effect;
};

/* With which neighbours a new map merges. */
struct vmt_fast_sides {
	bool merges_left;
	bool merges_right;
};

/* Is the map a stack, which may have grown by itself? map may be NULL. */
static inline bool vmt_fast_is_stack(const struct vmt_map *map)
{
	return map && (map->vma.flags & VMT_MAP_STACK);
}

/* Have two neighbours merged? next, pending: see vmt_merge_rules_decide(). */
static inline enum vmt_answer vmt_fast_merges(const struct vmt_rules *rules,
					      const struct vmt_vma *left,
					      const struct vmt_vma *right,
					      const struct vmt_vma *next,
					      const struct vmt_pending_merge *pending)
{
	if (!vmt_vma_continues(left, right))
		return VMT_ANSWER_NO;
	return rules->reasons && !rules->is_sample ?
		       vmt_merge_rules_decide(rules, left, right, next, pending) :
		       VMT_ANSWER_MAYBE;
}

/*
 * Does the new map merge with the maps that will be beside it? NULL: nothing touches it there.
 * Returns false if that is not certain, or if it merges with both.
 */
static inline bool vmt_fast_judge(const struct vmt_space *space, const struct vmt_vma *vma,
				  const struct vmt_vma *left, const struct vmt_vma *right,
				  struct vmt_fast_sides *ret_sides)
{
	enum vmt_answer with_left = VMT_ANSWER_NO, with_right = VMT_ANSWER_NO;

	if (left)
		with_left = vmt_fast_merges(&space->rules, left, vma, right, NULL);
	if (right)
		with_right = vmt_fast_merges(&space->rules, vma, right, NULL, NULL);
	ret_sides->merges_left = with_left == VMT_ANSWER_YES;
	ret_sides->merges_right = with_right == VMT_ANSWER_YES;
	return with_left != VMT_ANSWER_MAYBE && with_right != VMT_ANSWER_MAYBE &&
	       !(ret_sides->merges_left && ret_sides->merges_right);
}

/* Add a map that the call puts there. next: the map that follows, or NULL if it is not known. */
static inline void vmt_fast_put(struct vmt_fast *it, struct vmt_map *next,
				const struct vmt_vma *vma, uint32_t mapped_by)
{
	const struct vmt_map *map =
		vmt_space_insert_before(it->space, next, vma, mapped_by, it->site, it->time);

	if (map)
		vmt_effect_report_live(it->ops, map->put_by, map->vma.flags, 1);
	else
		it->effect->out_of_memory = true;
}

/* Remove a map's record; its bytes belong to another map, or to none. */
static inline void vmt_fast_drop(struct vmt_fast *it, struct vmt_map *map)
{
	vmt_effect_report_live(it->ops, map->put_by, map->vma.flags, -1);
	vmt_space_remove(it->space, map);
}

/* The map is gone. */
static inline void vmt_fast_take(struct vmt_fast *it, struct vmt_map *map)
{
	vmt_fast_drop(it, map);
	it->effect->call.removed++;
}

/* Remove the part of the map that lies in range. */
void vmt_fast_take_part(struct vmt_fast *it, struct vmt_map *map, struct vmt_range range);

static inline void vmt_fast_take_out(struct vmt_fast *it, struct vmt_map *map,
				     struct vmt_range range)
{
	if (map->vma.start >= range.start && map->vma.end <= range.end)
		vmt_fast_take(it, map);
	else
		vmt_fast_take_part(it, map, range);
}

/* Add another piece of a map. */
void vmt_fast_split_off(struct vmt_fast *it, const struct vmt_vma *vma, uint32_t mapped_by);

/*
 * Return the part of a map before end, or from start on. Beside a hole, nothing is known of a
 * neighbour's anon_vma (anon_vma.h).
 */
struct vmt_vma vmt_fast_up_to(const struct vmt_vma *vma, uint64_t end);
struct vmt_vma vmt_fast_from(const struct vmt_vma *vma, uint64_t start);

/* Return what the call makes of the part of a map in its range. */
struct vmt_vma vmt_fast_altered(const struct vmt_vma *vma, const struct vmt_change *change,
				struct vmt_range range);

/* Change a map that keeps its start and its owners. Hidden attributes are not published. */
void vmt_fast_set_vma(struct vmt_fast *it, struct vmt_map *map, const struct vmt_vma *vma);

/*
 * Give a map another start; its owners stay. The record is made anew, since it is found by its
 * start.
 */
void vmt_fast_move_start(struct vmt_fast *it, struct vmt_map *map, const struct vmt_vma *vma);

/* Merge the call's new map with the one that it touches. */
void vmt_fast_merge_left(struct vmt_fast *it, struct vmt_map *left, const struct vmt_vma *vma);
void vmt_fast_merge_right(struct vmt_fast *it, struct vmt_map *right, const struct vmt_vma *vma);

/*
 * Add the call's new map: on its own before next (see vmt_fast_put()), or merged with left or
 * right.
 */
static inline void vmt_fast_place(struct vmt_fast *it, struct vmt_vma *vma,
				  struct vmt_fast_sides sides, struct vmt_map *left,
				  struct vmt_map *right, struct vmt_map *next)
{
	it->effect->call.created = 1;
	it->effect->call.merged = sides.merges_left || sides.merges_right;
	if (sides.merges_left) {
		vmt_fast_merge_left(it, left, vma);
	} else if (sides.merges_right) {
		vmt_fast_merge_right(it, right, vma);
	} else {
		vmt_merge_rules_settle_one(vma);
		vmt_fast_put(it, next, vma, it->site);
	}
}

#endif
