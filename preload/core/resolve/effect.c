/* SPDX-License-Identifier: MIT */
/*
 * There are three passes: count the pieces of every map before and after the call, give every map
 * after it its owners, and update the table accordingly. Nothing is freed before the last pass.
 */
#include "core/resolve/effect.h"

#include "core/resolve/origin.h"

#define HIDDEN (VMT_MAP_STORED & ~VMT_MAP_VISIBLE)

static bool is_same_origin(const struct vmt_origin *a, const struct vmt_origin *b)
{
	return a->kind == b->kind && a->map == b->map;
}

/*
 * Where the memory below a stack's start may end and still belong to the stack: below the part that
 * the call unmapped.
 */
static uint64_t stack_reach(const struct vmt_change *change, uint64_t start)
{
	if (change->failed || !vmt_range_has(change->gone[0], start - 1))
		return start;
	return change->gone[0].start;
}

/* Where a stack starts now: at the lowest of the maps that continue it downwards without a hole. */
static uint64_t stack_start(const struct vmt_change *change, const struct vmt_outcome *outcome,
			    struct vmt_map *stack)
{
	struct vmt_map *below = vmt_space_prev(stack);
	uint64_t floor = below ? below->vma.end : 0;
	uint64_t start = stack->vma.start;
	size_t i = vmt_outcome_from(outcome, start);

	i += i < outcome->count;
	while (i-- > 0) {
		const struct vmt_vma *vma = &outcome->map[i].vma;

		if (vma->start >= start)
			continue;
		if (vmt_origin_is_gone(change, vma->start) && vma->start >= floor)
			continue;
		if (vma->end < stack_reach(change, start) || vma->end <= floor ||
		    vmt_range_has(change->fresh, vma->start) ||
		    vmt_range_has(vmt_origin_moved_range(change), vma->start))
			break;
		if (vma->start <= floor)
			return floor; /* it merged with the map below */
		start = vma->start;
	}
	return start;
}

/* Stacks grow by page faults. No call made that change, so no counter changes. */
static void note_growth(struct vmt_space *space, const struct vmt_change *change,
			const struct vmt_resolution *resolution)
{
	struct vmt_map *next;

	for (unsigned i = 0; i < resolution->span_count; i++) {
		struct vmt_map *map = vmt_space_from(space, resolution->span[i].start);

		for (; map && map->vma.start < resolution->span[i].end; map = next) {
			struct vmt_map stack = *map;

			next = vmt_space_next(map);
			if (!(map->vma.flags & VMT_MAP_STACK))
				continue;
			stack.vma.start = stack_start(change, &resolution->outcome, map);
			if (stack.vma.start == map->vma.start)
				continue;
			/* this frees the memory that the insertion needs */
			vmt_space_remove(space, map);
			vmt_space_insert(space, &stack.vma, stack.mapped_by, stack.put_by,
					 stack.time);
		}
	}
}

/*
 * Find the first map of each span, and reset the pieces of all maps. Returns whether one is a
 * stack.
 */
static bool begin_counting(const struct vmt_space *space, const struct vmt_resolution *resolution,
			   struct vmt_map *first[2])
{
	uint32_t flags = 0;

	for (unsigned i = 0; i < resolution->span_count; i++) {
		struct vmt_map *map = vmt_space_from(space, resolution->span[i].start);

		first[i] = map;
		for (; map && map->vma.start < resolution->span[i].end; map = vmt_space_next(map)) {
			map->pieces = 0;
			map->first_byte = UINT64_MAX;
			flags |= map->vma.flags;
		}
	}
	return flags & VMT_MAP_STACK;
}

/*
 * The library's own maps are not counted. Nothing of the program's continues in one of them, nor
 * one of them in a map of the program's: one has come to lie where the other was.
 */
static bool is_own(const struct vmt_vma *vma)
{
	return vma->flags & VMT_MAP_OWN;
}

static void note_piece(struct vmt_outcome_map *after, const struct vmt_origin *origin)
{
	if (origin->kind == VMT_ORIGIN_FRESH) {
		after->is_fresh = true;
		after->copied = origin->map;
	}
	if (origin->kind != VMT_ORIGIN_MAP)
		return;
	origin->map->pieces++;
	if (origin->byte < origin->map->first_byte)
		origin->map->first_byte = origin->byte;
	if (!after->kept) {
		after->kept = origin->map;
		after->kept_byte = origin->byte;
	}
}

/* What the call has mapped, and what came to lie somewhere else, is not what was there before. */
static void note_mapped(const struct vmt_space *space, const struct vmt_change *change,
			const struct vmt_outcome *outcome, uint32_t site)
{
	struct vmt_range fresh = change->fresh;
	size_t i = vmt_outcome_from(outcome, fresh.start);
	const struct vmt_vma *vma = i < outcome->count ? &outcome->map[i].vma : NULL;
	const struct vmt_map *below = NULL, *above = NULL;

	if (!vmt_range_is_empty(vmt_origin_moved_range(change)))
		vmt_space_note_moved(space, vmt_origin_moved_range(change));
	if (vmt_range_is_empty(fresh))
		return;
	if (vma && vma->start < fresh.start && !change->failed)
		below = vmt_space_find(space, fresh.start - 1);
	if (vma && vma->end > fresh.end && !change->failed)
		above = vmt_space_find(space, fresh.end);
	vmt_space_note_mapped(space, fresh, site, below, above);
}

/* How a map gets a start at an edge of the call's range, or in it. */
static enum vmt_new_start cut_of(const struct vmt_change *change)
{
	bool is_altered =
		!vmt_range_is_empty(change->protect) || !vmt_range_is_empty(change->advise);

	return is_altered ? VMT_START_CUT : VMT_START_BEYOND;
}

/*
 * A piece becomes part of a map that does not begin with it. It has the owners that it would have as a
 * map of its own.
 */
static void note_joined(const struct vmt_space *space, const struct vmt_change *change,
			const struct vmt_outcome_map *after, const struct vmt_origin *origin,
			uint64_t start, uint32_t site)
{
	const struct vmt_map *map = origin->map;
	uint32_t first = after->kept && !after->is_fresh ? after->kept->mapped_by : site;
	struct vmt_owners owners;
	bool is_rest;

	if (origin->kind != VMT_ORIGIN_MAP || start == after->vma.start)
		return;
	is_rest = map->first_byte != UINT64_MAX; /* a piece before it was seen */
	owners = (struct vmt_owners){ map->mapped_by, is_rest ? site : map->put_by };
	if (start != map->vma.start)
		vmt_space_settle(space, start, is_rest ? cut_of(change) : VMT_START_MOVED, &owners);
	vmt_space_note_joined(space, (struct vmt_range){ start, origin->end }, owners, first);
}

/* Count the pieces of one map after the call. */
static void count_after(const struct vmt_space *space, const struct vmt_change *change,
			const struct vmt_outcome *outcome, struct vmt_outcome_map *after,
			uint32_t site, struct vmt_effect *effect)
{
	struct vmt_origin last = { .kind = VMT_ORIGIN_ALIEN, .map = NULL };
	uint64_t pieces = 0;
	uint64_t aliens = 0;

	after->kept = NULL;
	after->copied = NULL;
	after->is_fresh = false;
	for (uint64_t x = after->vma.start; x < after->vma.end;) {
		struct vmt_origin origin = vmt_origin_of(space, change, outcome, x, after->vma.end);

		if (origin.kind == VMT_ORIGIN_MAP &&
		    is_own(&origin.map->vma) != is_own(&after->vma))
			origin = (struct vmt_origin){ VMT_ORIGIN_ALIEN, NULL, x, origin.end };
		if (pieces == 0 || !is_same_origin(&origin, &last)) {
			note_joined(space, change, after, &origin, x, site);
			note_piece(after, &origin);
			pieces++;
			aliens += origin.kind == VMT_ORIGIN_ALIEN;
			effect->call.created +=
				origin.kind == VMT_ORIGIN_FRESH && !is_own(&after->vma);
		}
		last = origin;
		x = origin.end;
	}

	uint64_t merged = pieces - aliens > 1 ? pieces - aliens - 1 : 0;

	if (is_own(&after->vma))
		return;
	effect->call.merged += merged;
	effect->unseen.created += aliens;
	effect->unseen.merged += pieces - 1 - merged;
}

/* Does the call explain why the whole map has disappeared? */
static bool is_explained(const struct vmt_change *change, const struct vmt_map *map)
{
	uint64_t at = map->vma.start;

	if (change->how == VMT_CHANGE_EVERYTHING)
		return true;
	for (unsigned round = 0; round < 3 && at < map->vma.end; round++) {
		if (vmt_range_has(change->gone[0], at))
			at = change->gone[0].end;
		if (at < map->vma.end && vmt_range_has(change->gone[1], at))
			at = change->gone[1].end;
		if (at < map->vma.end && vmt_range_has(change->from, at))
			at = change->from.end;
	}
	return at >= map->vma.end;
}

static void count_before(struct vmt_map *const first[2], const struct vmt_change *change,
			 const struct vmt_resolution *resolution, struct vmt_effect *effect)
{
	for (unsigned i = 0; i < resolution->span_count; i++) {
		struct vmt_map *map = first[i];

		for (; map && map->vma.start < resolution->span[i].end; map = vmt_space_next(map)) {
			if (is_own(&map->vma))
				continue;
			if (map->pieces)
				effect->call.split += map->pieces - 1;
			else if (is_explained(change, map))
				effect->call.removed++;
			else
				effect->unseen.removed++;
		}
	}
}

static uint32_t hidden_flags(const struct vmt_change *change, const struct vmt_outcome_map *after)
{
	const struct vmt_map *like = after->kept ? after->kept : after->copied;

	return like ? like->vma.flags & HIDDEN : change->flags & VMT_MAP_STACK;
}

/* Has the call taken memory from the map, or cut it, but left the start as it was? */
static bool is_front(const struct vmt_change *change, const struct vmt_outcome_map *after)
{
	const struct vmt_vma *vma = &after->kept->vma;
	const struct vmt_range *gone = &change->gone[0];

	if (after->vma.start != vma->start)
		return false;
	if (cut_of(change) == VMT_START_CUT)
		return after->vma.end < vma->end;
	return !change->failed && !vmt_range_is_empty(*gone) && gone->start > vma->start &&
	       gone->start < vma->end;
}

/* What is known of those who own a map with a new start, or one that has lost memory behind it. */
static void settle(const struct vmt_space *space, const struct vmt_change *change,
		   struct vmt_outcome_map *after)
{
	struct vmt_owners owners = { after->mapped_by, after->put_by };
	enum vmt_new_start how = VMT_START_MOVED;

	if (after->kept->first_byte != after->kept_byte)
		how = cut_of(change);
	else if (after->vma.start < after->kept->vma.start)
		how = VMT_START_JOINED;
	else if (after->vma.start == after->kept->vma.start && !is_front(change, after))
		return;
	if (how == VMT_START_JOINED && after->kept_byte != after->kept->vma.start)
		vmt_space_settle(space, after->kept_byte, VMT_START_MOVED, &owners);
	vmt_space_settle(space, after->vma.start, how, &owners);
	after->mapped_by = owners.mapped_by;
	after->put_by = owners.put_by;
}

static void set_owners(const struct vmt_space *space, const struct vmt_change *change,
		       struct vmt_outcome_map *after, uint32_t site, uint64_t time)
{
	const struct vmt_map *kept = after->kept;

	after->vma.flags = (after->vma.flags & ~VMT_MAP_STACK) | hidden_flags(change, after);
	after->mapped_by = site;
	after->put_by = site;
	after->time = time;
	if (kept) {
		after->mapped_by = kept->mapped_by;
		if (kept->first_byte == after->kept_byte) {
			after->put_by = kept->put_by;
			after->time = kept->time;
		}
		settle(space, change, after);
	} else if (!after->is_fresh) {
		after->mapped_by = VMT_SITE_UNSEEN;
		after->put_by = VMT_SITE_UNSEEN;
	}
}

static bool is_unchanged(const struct vmt_map *map, const struct vmt_outcome_map *after)
{
	return vmt_vma_same(&map->vma, &after->vma) &&
	       !((map->vma.flags ^ after->vma.flags) & VMT_MAP_STORED) &&
	       map->mapped_by == after->mapped_by && map->put_by == after->put_by;
}

/*
 * Add delta to the number of live maps of the site. flags: the flags of the map that came or went.
 */
static void report_live(const struct vmt_effect_ops *ops, uint32_t site, uint32_t flags, int delta)
{
	if (!(flags & VMT_MAP_OWN))
		ops->live(ops->context, site, delta);
}

static void replace(struct vmt_space *space, struct vmt_map *map,
		    const struct vmt_outcome_map *after, const struct vmt_effect_ops *ops)
{
	if (is_unchanged(map, after)) {
		map->vma = after->vma; /* hidden attributes are not published */
		return;
	}
	if (map->put_by != after->put_by) {
		report_live(ops, map->put_by, map->vma.flags, -1);
		report_live(ops, after->put_by, after->vma.flags, 1);
	}
	vmt_space_update(space, map, &after->vma, after->mapped_by, after->put_by, after->time);
}

static void add(struct vmt_space *space, const struct vmt_outcome_map *after,
		const struct vmt_effect_ops *ops, struct vmt_effect *effect)
{
	if (!vmt_space_insert(space, &after->vma, after->mapped_by, after->put_by, after->time)) {
		effect->out_of_memory = true;
		return;
	}
	report_live(ops, after->put_by, after->vma.flags, 1);
}

/* What ended at start has gone. */
static void restore_start(struct vmt_space *space, uint64_t start, const struct vmt_effect_ops *ops)
{
	struct vmt_map *map = vmt_space_uncovered(space, start);
	uint32_t was = map ? vmt_space_settle_again(space, map) : VMT_NO_INDEX;

	if (was == VMT_NO_INDEX)
		return;
	report_live(ops, was, map->vma.flags, -1);
	report_live(ops, map->put_by, map->vma.flags, 1);
}

/*
 * Make one span of the table equal to the outcome. map: the first map of the span; index: the
 * outcome's first map in it. Returns the next index.
 */
static size_t commit(struct vmt_space *space, struct vmt_range span, struct vmt_map *map,
		     const struct vmt_outcome *outcome, size_t index,
		     const struct vmt_effect_ops *ops, struct vmt_effect *effect)
{
	size_t last = index;

	while (last < outcome->count && outcome->map[last].vma.start < span.end)
		last++;
	for (size_t i = index; map && map->vma.start < span.end;) {
		struct vmt_map *next = vmt_space_next(map);

		while (i < last && outcome->map[i].vma.start < map->vma.start)
			i++;
		if (i == last || outcome->map[i].vma.start != map->vma.start) {
			report_live(ops, map->put_by, map->vma.flags, -1);
			vmt_space_remove(space, map);
		}
		map = next;
	}
	for (size_t i = index; i < last; i++) {
		map = vmt_space_at(space, outcome->map[i].vma.start);
		if (map)
			replace(space, map, &outcome->map[i], ops);
		else
			add(space, &outcome->map[i], ops, effect);
	}
	return last;
}

static void blame_nobody(struct vmt_effect *effect)
{
	effect->unseen.created += effect->call.created;
	effect->unseen.split += effect->call.split;
	effect->unseen.merged += effect->call.merged;
	effect->unseen.removed += effect->call.removed;
	effect->call = (struct vmt_counts){ 0 };
}

void vmt_effect_apply(struct vmt_space *space, const struct vmt_change *change,
		      struct vmt_resolution *resolution, uint32_t site, uint64_t time,
		      const struct vmt_effect_ops *ops, struct vmt_effect *ret_effect)
{
	struct vmt_outcome *outcome = &resolution->outcome;
	struct vmt_effect effect = { .out_of_memory = outcome->out_of_memory };
	struct vmt_map *first[2] = { NULL, NULL };
	size_t index = 0;
	bool had_start = !vmt_range_is_empty(change->gone[0]) &&
			 vmt_range_is_empty(change->fresh) &&
			 vmt_space_at(space, change->gone[0].end);

	if (begin_counting(space, resolution, first)) {
		note_growth(space, change, resolution);
		begin_counting(space, resolution, first);
	}
	note_mapped(space, change, outcome, site);
	for (size_t i = 0; i < outcome->count; i++)
		count_after(space, change, outcome, &outcome->map[i], site, &effect);
	count_before(first, change, resolution, &effect);
	for (size_t i = 0; i < outcome->count; i++)
		set_owners(space, change, &outcome->map[i], site, time);
	for (unsigned i = 0; i < resolution->span_count; i++)
		index = commit(space, resolution->span[i], first[i], outcome, index, ops, &effect);
	if (had_start)
		restore_start(space, change->gone[0].end, ops);
	if (change->how == VMT_CHANGE_NOTHING)
		blame_nobody(&effect);
	*ret_effect = effect;
}
