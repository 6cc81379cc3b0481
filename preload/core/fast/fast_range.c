/* SPDX-License-Identifier: MIT */
/*
 * Everything is checked before anything is changed, so only a lack of memory can leave it
 * half-done. See fast_range.h.
 */
#include "core/fast/fast_range.h"

#include "core/fast/fast_protect.h"
#include "core/vma/merge_rules.h"
#include "core/vma/vma_class.h"

/* A call on a range. */
struct range_call {
	struct vmt_fast fast;
	const struct vmt_change *change;
	struct vmt_range range; /* the call's range */
};

/* The maps around a range: those that touch it on either side, and the first map in it. */
struct around {
	struct vmt_map *left;
	struct vmt_map *first;
	struct vmt_map *last;
	struct vmt_map *right;
	/* the next map behind the range, whether or not it touches the range */
	struct vmt_map *behind;
	bool has_hole;
	bool has_stack; /* one of these is a stack, which may have grown by itself */
};

static void look_around(const struct vmt_space *space, struct vmt_range range,
			struct around *around)
{
	struct vmt_map *map = vmt_space_from(space, range.start - 1);
	uint64_t at = range.start;

	*around = (struct around){ .left = NULL };
	if (map && map->vma.end == range.start) {
		around->left = map;
		map = vmt_space_next(map);
	}
	around->first = map && map->vma.start < range.end ? map : NULL;
	for (; map && map->vma.start < range.end; map = vmt_space_next(map)) {
		around->has_hole |= map->vma.start > at;
		around->has_stack |= vmt_fast_is_stack(map);
		around->last = map;
		at = map->vma.end;
	}
	around->has_hole |= at < range.end;
	around->behind = map;
	around->right = map && map->vma.start == range.end ? map : NULL;
	around->has_stack |= vmt_fast_is_stack(around->left) || vmt_fast_is_stack(around->right);
}

static void take_all_out(struct range_call *it, struct vmt_map *map)
{
	while (map && map->vma.start < it->range.end) {
		struct vmt_map *next = vmt_space_next(map);

		vmt_fast_take_out(&it->fast, map, it->range);
		map = next;
	}
}

/* With which of its future neighbours does the new map merge? False if that is not certain. */
static bool judge_new(const struct range_call *it, const struct around *around,
		      const struct vmt_vma *vma, struct vmt_fast_sides *ret_sides)
{
	const struct vmt_map *first = around->first;
	const struct vmt_map *last = around->last;
	const struct vmt_map *left =
		first && first->vma.start < it->range.start ? first : around->left;
	const struct vmt_map *right = last && last->vma.end > it->range.end ? last : around->right;
	struct vmt_vma sides[2];

	if (left)
		sides[0] = vmt_fast_up_to(&left->vma, it->range.start);
	if (right)
		sides[1] = vmt_fast_from(&right->vma, it->range.end);
	return vmt_fast_judge(it->fast.space, vma, left ? &sides[0] : NULL,
			      right ? &sides[1] : NULL, ret_sides);
}

/*
 * ld.so maps a library's constants over the front of what it had mapped as a whole: the new map is
 * one with the rest of the old, and looks like it.
 */
static bool is_front_again(const struct range_call *it, const struct around *around,
			   struct vmt_fast_sides sides)
{
	return sides.merges_right && around->first && around->first == around->last &&
	       around->first->vma.start == it->range.start &&
	       around->first->vma.end > it->range.end;
}

static void put_front(struct range_call *it, struct vmt_map *map, const struct vmt_vma *vma)
{
	const struct vmt_vma rest = vmt_fast_from(&map->vma, it->range.end);
	struct vmt_owners owners = { map->mapped_by, map->put_by };
	struct vmt_vma both = *vma;

	vmt_space_note_mapped(it->fast.space, it->range, it->fast.site, NULL, map);
	vmt_space_settle(it->fast.space, rest.start, VMT_START_MOVED, &owners);
	vmt_space_note_joined(it->fast.space, (struct vmt_range){ it->range.end, map->vma.end },
			      owners, it->fast.site);
	vmt_merge_rules_combine(&both, &rest);
	vmt_merge_rules_settle_one(&both);
	vmt_fast_set_vma(&it->fast, map, &both);
	it->fast.effect->call.created = 1;
	it->fast.effect->call.merged = 1;
}

static bool range_mapped(struct range_call *it, const struct around *around)
{
	struct vmt_space *space = it->fast.space;
	struct vmt_vma vma = vmt_change_fresh(it->change);
	struct vmt_fast_sides sides;

	vma.flags |= VMT_MAP_CHANGED;
	vma.vma_class = vmt_vma_class_of_new(&space->rules, it->change->new_class);
	if (!judge_new(it, around, &vma, &sides))
		return false;
	if (is_front_again(it, around, sides)) {
		put_front(it, around->first, &vma);
		return true;
	}
	vmt_space_note_mapped(space, it->range, it->fast.site,
			      sides.merges_left ? vmt_space_find(space, vma.start - 1) : NULL,
			      sides.merges_right ? vmt_space_find(space, vma.end) : NULL);
	take_all_out(it, around->first);
	vmt_fast_place(&it->fast, &vma, sides,
		       sides.merges_left ? vmt_space_find(space, vma.start - 1) : NULL,
		       sides.merges_right ? vmt_space_at(space, vma.end) : NULL, NULL);
	return true;
}

static bool range_replaced(struct range_call *it)
{
	const struct vmt_change *change = it->change;
	struct around around;

	it->range = vmt_range_is_empty(change->gone[0]) ? change->fresh : change->gone[0];
	look_around(it->fast.space, it->range, &around);
	/* A stack behind the range may have grown down into it. */
	if (around.has_stack || vmt_fast_is_stack(around.behind))
		return false;
	if (vmt_range_is_empty(change->gone[0]) && around.first)
		return false; /* a map is there that no call explains */
	if (!vmt_range_is_empty(change->fresh))
		return range_mapped(it, &around);
	take_all_out(it, around.first);
	if (around.right)
		vmt_fast_restore_start(&it->fast, it->range.end);
	return true;
}

/* Is it certain that each piece stays a separate map? */
static bool stay_apart(const struct range_call *it, const struct around *around)
{
	const struct vmt_space *space = it->fast.space;
	struct vmt_vma last = { .end = 0 };

	if (around->left)
		last = around->left->vma;
	for (struct vmt_map *map = around->first; map && map->vma.start < it->range.end;
	     map = vmt_space_next(map)) {
		struct vmt_vma part = map->vma;

		if (!vmt_merge_rules_keeps(&map->vma, it->change)) {
			if (part.start < it->range.start)
				last = vmt_fast_up_to(&part, it->range.start);
			part = vmt_fast_altered(&map->vma, it->change, it->range);
		}
		if (vmt_fast_merges(&space->rules, &last, &part, NULL, NULL) != VMT_ANSWER_NO)
			return false;
		last = part;
		part = vmt_fast_from(&map->vma, it->range.end);
		if (last.end != it->range.end || part.start == part.end)
			continue;
		if (vmt_fast_merges(&space->rules, &last, &part, NULL, NULL) != VMT_ANSWER_NO)
			return false;
	}
	return !around->right || vmt_fast_merges(&space->rules, &last, &around->right->vma, NULL,
						 NULL) == VMT_ANSWER_NO;
}

static bool range_altered(struct range_call *it)
{
	const struct vmt_change *change = it->change;
	bool protects = !vmt_range_is_empty(change->protect);
	struct vmt_map *next;
	struct around around;

	it->range = protects ? change->protect : change->advise;
	if (!it->fast.space->rules.reasons)
		return false;
	look_around(it->fast.space, it->range, &around);
	if (around.has_stack || around.has_hole != change->met_hole)
		return false;
	if (change->met_hole && vmt_fast_is_stack(around.behind))
		return false; /* a stack may have grown into the hole */
	if (protects && change->met_hole) /* as in predict.c */
		return !around.first || around.first->vma.start > it->range.start;
	if (around.first == around.last && !around.has_hole &&
	    !vmt_merge_rules_keeps(&around.first->vma, change))
		return vmt_fast_protect_one(&it->fast, change, it->range, around.left, around.first,
					    around.right);
	if (!stay_apart(it, &around))
		return false;
	for (struct vmt_map *map = around.first; map && map->vma.start < it->range.end;
	     map = next) {
		next = vmt_space_next(map);
		if (!vmt_merge_rules_keeps(&map->vma, change))
			vmt_fast_protect_apart(&it->fast, change, it->range, map);
	}
	return true;
}

/* Anonymous memory where nothing was is for fast.h. */
static bool is_for_replaced(const struct vmt_change *change)
{
	const struct vmt_range *gone = &change->gone[0];
	const struct vmt_range *fresh = &change->fresh;

	if ((change->is_file && !change->is_identified) || (change->flags & VMT_MAP_STACK))
		return false;
	if (vmt_range_is_empty(*gone))
		return change->is_file && fresh->start;
	return gone->start && (vmt_range_is_empty(*fresh) ||
			       (fresh->start == gone->start && fresh->end == gone->end));
}

static bool is_for_altered(const struct vmt_change *change)
{
	return (!vmt_range_is_empty(change->protect) && change->protect.start) ||
	       (!vmt_range_is_empty(change->advise) && change->advise.start);
}

bool vmt_fast_range_apply(struct vmt_space *space, const struct vmt_change *change, uint32_t site,
			  uint64_t time, const struct vmt_effect_ops *ops,
			  struct vmt_effect *ret_effect)
{
	struct range_call it = {
		.fast = { space, site, time, ops, ret_effect },
		.change = change,
	};

	*ret_effect = (struct vmt_effect){ 0 };
	if (change->how != VMT_CHANGE_DERIVE || !vmt_range_is_empty(change->window[1]) ||
	    !vmt_range_is_empty(change->remapped))
		return false;
	if (is_for_replaced(change))
		return range_replaced(&it);
	return is_for_altered(change) && range_altered(&it);
}
