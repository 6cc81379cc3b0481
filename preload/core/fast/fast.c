/* SPDX-License-Identifier: MIT */
/*
 * The most frequent calls, and the steps from which all fast changes are made; see fast.h. For a
 * frequent call, one descent of the tree finds all maps that it can concern: the map at its start
 * and the one behind it.
 */
#include "core/fast/fast.h"

#include "core/vma/vma_class.h"

inline bool vmt_fast_is_stack(const struct vmt_map *map)
{
	return map && (map->vma.flags & VMT_MAP_STACK);
}

inline enum vmt_answer vmt_fast_merges(const struct vmt_rules *rules, const struct vmt_vma *left,
				       const struct vmt_vma *right, const struct vmt_vma *next,
				       const struct vmt_pending_merge *pending)
{
	if (!vmt_vma_continues(left, right))
		return VMT_ANSWER_NO;
	return rules->reasons && !rules->is_sample ?
		       vmt_merge_rules_decide(rules, left, right, next, pending) :
		       VMT_ANSWER_MAYBE;
}

/* Does a new map merge with a neighbour? Whether two maps of a file do is up to the file system. */
static enum vmt_answer merges_as_new(const struct vmt_rules *rules, const struct vmt_vma *left,
				     const struct vmt_vma *right, const struct vmt_vma *next)
{
	enum vmt_answer answer = vmt_fast_merges(rules, left, right, next, NULL);

	return answer == VMT_ANSWER_YES && vmt_vma_is_file(left) ?
		       vmt_vma_class_files_merge(rules, left) :
		       answer;
}

inline bool vmt_fast_judge(const struct vmt_space *space, const struct vmt_vma *vma,
			   const struct vmt_vma *left, const struct vmt_vma *right,
			   struct vmt_fast_sides *ret_sides)
{
	enum vmt_answer with_left = VMT_ANSWER_NO, with_right = VMT_ANSWER_NO;

	if (left)
		with_left = merges_as_new(&space->rules, left, vma, right);
	if (right)
		with_right = merges_as_new(&space->rules, vma, right, NULL);
	ret_sides->merges_left = with_left == VMT_ANSWER_YES;
	ret_sides->merges_right = with_right == VMT_ANSWER_YES;
	return with_left != VMT_ANSWER_MAYBE && with_right != VMT_ANSWER_MAYBE &&
	       !(ret_sides->merges_left && ret_sides->merges_right);
}

/* A map of this site has come or gone. */
static inline void count_live(struct vmt_fast *it, uint32_t site, uint32_t flags, int delta)
{
	if (!(flags & VMT_MAP_OWN))
		it->ops->live(it->ops->context, site, delta);
}

/* Add a map that the call puts there. next: the map that follows, or NULL if it is not known. */
static inline void add_map(struct vmt_fast *it, struct vmt_map *next, const struct vmt_vma *vma,
			   struct vmt_owners owners)
{
	const struct vmt_map *map = vmt_space_insert_before(it->space, next, vma, owners.mapped_by,
							    owners.put_by, it->time);

	if (map)
		count_live(it, map->put_by, map->vma.flags, 1);
	else
		it->effect->out_of_memory = true;
}

inline void vmt_fast_drop(struct vmt_fast *it, struct vmt_map *map)
{
	count_live(it, map->put_by, map->vma.flags, -1);
	vmt_space_remove(it->space, map);
}

/*
 * Give a map another start; its owners stay, unless others are known for that. The record is made
 * anew, since it is found by its start.
 */
static void move_start(struct vmt_fast *it, struct vmt_map *map, const struct vmt_vma *vma,
		       enum vmt_new_start how)
{
	const struct vmt_map was = *map;
	struct vmt_owners owners = { was.mapped_by, was.put_by };

	vmt_space_settle(it->space, vma->start, how, &owners);
	if (owners.put_by != was.put_by) {
		count_live(it, was.put_by, was.vma.flags, -1);
		count_live(it, owners.put_by, vma->flags, 1);
	}
	vmt_space_remove(it->space, map); /* this frees the memory that the insertion needs */
	if (!vmt_space_insert(it->space, vma, owners.mapped_by, owners.put_by, was.time))
		it->effect->out_of_memory = true;
}

static void merge_left(struct vmt_fast *it, struct vmt_map *left, const struct vmt_vma *vma)
{
	struct vmt_vma both = left->vma;

	vmt_merge_rules_combine(&both, vma);
	vmt_merge_rules_settle_one(&both);
	vmt_space_update(it->space, left, &both, left->mapped_by, left->put_by, left->time);
}

static void merge_right(struct vmt_fast *it, struct vmt_map *right, const struct vmt_vma *vma)
{
	struct vmt_vma both = *vma;

	if (!right)
		return; /* there was no memory for the piece that had to be split off */
	vmt_space_note_joined(it->space, (struct vmt_range){ right->vma.start, right->vma.end },
			      (struct vmt_owners){ right->mapped_by, right->put_by }, it->site);
	vmt_merge_rules_combine(&both, &right->vma);
	both.flags |= right->vma.flags & VMT_MAP_STORED;
	vmt_merge_rules_settle_one(&both);
	move_start(it, right, &both, VMT_START_JOINED);
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

void vmt_fast_split_off(struct vmt_fast *it, const struct vmt_vma *vma, uint32_t mapped_by,
			enum vmt_new_start how)
{
	struct vmt_owners owners = { mapped_by, it->site };

	it->effect->call.split++;
	vmt_space_settle(it->space, vma->start, how, &owners);
	add_map(it, NULL, vma, owners);
}

void vmt_fast_settle_again(struct vmt_fast *it, struct vmt_map *map)
{
	uint32_t was = vmt_space_settle_again(it->space, map);

	if (was == VMT_NO_INDEX)
		return;
	count_live(it, was, map->vma.flags, -1);
	count_live(it, map->put_by, map->vma.flags, 1);
}

void vmt_fast_restore_start(struct vmt_fast *it, uint64_t start)
{
	struct vmt_map *map = vmt_space_uncovered(it->space, start);

	if (map)
		vmt_fast_settle_again(it, map);
}

/* Remove the part of the map that lies in range. */
static void take_part(struct vmt_fast *it, struct vmt_map *map, struct vmt_range range)
{
	const struct vmt_vma front = vmt_fast_up_to(&map->vma, range.start);
	const struct vmt_vma rest = vmt_fast_from(&map->vma, range.end);
	bool has_rest = map->vma.end > range.end;
	uint32_t mapped_by = map->mapped_by; /* the front may get another */

	if (map->vma.start >= range.start) {
		move_start(it, map, &rest, VMT_START_MOVED);
		return;
	}
	vmt_fast_set_vma(it, map, &front);
	vmt_fast_settle_again(it, map);
	if (has_rest)
		vmt_fast_split_off(it, &rest, mapped_by, VMT_START_BEYOND);
}

inline void vmt_fast_take_out(struct vmt_fast *it, struct vmt_map *map, struct vmt_range range)
{
	if (map->vma.start >= range.start && map->vma.end <= range.end) {
		vmt_fast_drop(it, map);
		it->effect->call.removed++;
	} else {
		take_part(it, map, range);
	}
}

inline void vmt_fast_place(struct vmt_fast *it, struct vmt_vma *vma, struct vmt_fast_sides sides,
			   struct vmt_map *left, struct vmt_map *right, struct vmt_map *next)
{
	it->effect->call.created = 1;
	it->effect->call.merged = sides.merges_left || sides.merges_right;
	if (sides.merges_left) {
		merge_left(it, left, vma);
	} else if (sides.merges_right) {
		merge_right(it, right, vma);
	} else {
		vmt_merge_rules_settle_one(vma);
		add_map(it, next, vma, (struct vmt_owners){ it->site, it->site });
	}
}

/* The maps that a new map touches; NULL: a hole. */
struct sides {
	struct vmt_map *left;
	struct vmt_map *right;
	struct vmt_map *next; /* the next map, whether or not it touches; NULL = none */
};

/* False: the range is not free, or a stack beside it may have grown. */
VMT_HOT static bool find_sides(const struct vmt_space *space, struct vmt_range range,
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

	if (!find_sides(it->space, simple->range, &sides))
		return false;
	vma.vma_class = vmt_vma_class_of_new(&it->space->rules, simple->new_class);
	if (!vmt_fast_judge(it->space, &vma, sides.left ? &sides.left->vma : NULL,
			    sides.right ? &sides.right->vma : NULL, &merged))
		return false;
	vmt_space_note_mapped(it->space, simple->range, it->site,
			      merged.merges_left ? sides.left : NULL,
			      merged.merges_right ? sides.right : NULL);
	vmt_fast_place(it, &vma, merged, sides.left, sides.right, sides.next);
	return true;
}

VMT_HOT static bool apply_gone(struct vmt_fast *it, struct vmt_range gone)
{
	struct vmt_map *map = vmt_space_find(it->space, gone.start);
	bool is_whole;

	if (!map || map->vma.end < gone.end || vmt_fast_is_stack(map))
		return false;
	/* A stack behind the range may have grown down to it. */
	if (map->vma.end == gone.end && vmt_fast_is_stack(vmt_space_next(map)))
		return false;
	is_whole = map->vma.end == gone.end;
	vmt_fast_take_out(it, map, gone);
	if (is_whole)
		vmt_fast_restore_start(it, gone.end);
	return true;
}

VMT_HOT bool vmt_fast_apply(struct vmt_space *space, const struct vmt_simple *simple, uint32_t site,
			    uint64_t time, const struct vmt_effect_ops *ops,
			    struct vmt_effect *ret_effect)
{
	struct vmt_fast it = { space, site, time, ops, ret_effect };

	*ret_effect = (struct vmt_effect){ 0 };
	return simple->is_fresh ? apply_fresh(&it, simple) : apply_gone(&it, simple->range);
}
