/* SPDX-License-Identifier: MIT */
/*
 * Changes made on the table itself, without an outcome of it, when what the call has done is
 * certain: what fast_simple.c, fast_range.c and fast_protect.c have in common. Each does only what
 * resolve.h and effect.h would have done. A lack of memory is noted in the effect, and the work
 * goes on. Inline functions are those that most calls need.
 */
#ifndef VMT_FAST_H
#define VMT_FAST_H

#include "core/resolve/effect.h"
#include "core/vma/merge_rules.h"

/* One call and where it is written down. */
struct vmt_fast {
	struct vmt_space *space;
	uint32_t site;
	uint64_t time;
	const struct vmt_effect_ops *ops;
	struct vmt_effect *effect;
};

/* With whom a new map becomes one. */
struct vmt_fast_sides {
	bool merges_left;
	bool merges_right;
};

/* Is it a stack, which may have grown by itself? NULL: there is no map. */
static inline bool vmt_fast_is_stack(const struct vmt_map *map)
{
	return map && (map->vma.flags & VMT_MAP_STACK);
}

/* Are two neighbours one? next, pending: see vmt_merge_rules_decide. */
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
 * Does the new map merge with what will lie beside it? NULL: nothing touches it there. False: it is
 * not certain, or it merges with both.
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

/* A map that the call puts there; next: what follows, if that is known, otherwise NULL. */
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

/* Its record goes, its bytes belong to another one, or to nothing. */
static inline void vmt_fast_drop(struct vmt_fast *it, struct vmt_map *map)
{
	vmt_effect_report_live(it->ops, map->put_by, map->vma.flags, -1);
	vmt_space_remove(it->space, map);
}

/* It is gone. */
static inline void vmt_fast_take(struct vmt_fast *it, struct vmt_map *map)
{
	vmt_fast_drop(it, map);
	it->effect->call.removed++;
}

/* What of it lies in the range is gone. */
void vmt_fast_take_part(struct vmt_fast *it, struct vmt_map *map, struct vmt_range range);

static inline void vmt_fast_take_out(struct vmt_fast *it, struct vmt_map *map,
				     struct vmt_range range)
{
	if (map->vma.start >= range.start && map->vma.end <= range.end)
		vmt_fast_take(it, map);
	else
		vmt_fast_take_part(it, map, range);
}

/* A further piece of a map. */
void vmt_fast_split_off(struct vmt_fast *it, const struct vmt_vma *vma, uint32_t mapped_by);

/*
 * What of a map lies before end, and from start on. Beside a hole nothing is known of a neighbour's
 * anon_vma (anon_vma.h).
 */
struct vmt_vma vmt_fast_up_to(const struct vmt_vma *vma, uint64_t end);
struct vmt_vma vmt_fast_from(const struct vmt_vma *vma, uint64_t start);

/* What the call makes of the bytes of a map in its range. */
struct vmt_vma vmt_fast_altered(const struct vmt_vma *vma, const struct vmt_change *change,
				struct vmt_range range);

/* The same start and owners. What is only known of it is not published. */
void vmt_fast_set_vma(struct vmt_fast *it, struct vmt_map *map, const struct vmt_vma *vma);

/* The same owners at another start: its record, by which it is found, is made anew. */
void vmt_fast_move_start(struct vmt_fast *it, struct vmt_map *map, const struct vmt_vma *vma);

/* The call's new map becomes part of the one that it touches. */
void vmt_fast_merge_left(struct vmt_fast *it, struct vmt_map *left, const struct vmt_vma *vma);
void vmt_fast_merge_right(struct vmt_fast *it, struct vmt_map *right, const struct vmt_vma *vma);

/* The call's new map: on its own, before next (see _put), or as part of left or right. */
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
