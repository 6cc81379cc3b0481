/* SPDX-License-Identifier: MIT */
/* The table: insertion, removal and look-up. */
#include "core/vma/space.h"

static int order_of(const struct vmt_map *a, const struct vmt_map *b)
{
	if (a->vma.start == b->vma.start)
		return 0;
	return a->vma.start < b->vma.start ? -1 : 1;
}

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wunused-function"
#pragma GCC diagnostic ignored "-Wmissing-prototypes"
#pragma GCC diagnostic ignored "-Wcast-qual"
RB_PROTOTYPE(vmt_map_tree, vmt_map, order, order_of)
RB_GENERATE_INTERNAL(vmt_map_tree, vmt_map, order, order_of, VMT_HOT)
#pragma GCC diagnostic pop

void vmt_space_init(struct vmt_space *space, struct vmt_arena *arena,
		    const struct vmt_space_ops *ops)
{
	*space = (struct vmt_space){ .arena = arena, .ops = ops };
	space->rules.last_class = VMT_CLASS_FIRST;
	RB_INIT(&space->tree);
}

/*
 * Most calls are about the map that was changed last, or a map beside it: look there, one step to
 * either side, before the whole tree is searched. NULL means not found here; the map may still
 * exist.
 */
static struct vmt_map *from_near(const struct vmt_space *space, uint64_t addr)
{
	struct vmt_map *map = space->near;
	struct vmt_map *prev;

	if (!map)
		return NULL;
	if (map->vma.end <= addr) {
		map = vmt_map_tree_RB_NEXT(map);
		return map && map->vma.end > addr ? map : NULL;
	}
	if (map->vma.start <= addr)
		return map;
	prev = vmt_map_tree_RB_PREV(map);
	if (!prev || prev->vma.end <= addr)
		return map;
	return prev->vma.start <= addr ? prev : NULL;
}

VMT_HOT struct vmt_map *vmt_space_from(const struct vmt_space *space, uint64_t addr)
{
	struct vmt_map *map = from_near(space, addr);
	struct vmt_map *best = NULL;

	if (map)
		return map;
	map = RB_ROOT(&space->tree);
	while (map) {
		if (map->vma.end > addr) {
			best = map;
			map = RB_LEFT(map, order);
		} else {
			map = RB_RIGHT(map, order);
		}
	}
	return best;
}

struct vmt_map *vmt_space_find(const struct vmt_space *space, uint64_t addr)
{
	struct vmt_map *map = vmt_space_from(space, addr);

	return map && map->vma.start <= addr ? map : NULL;
}

VMT_HOT struct vmt_map *vmt_space_at(const struct vmt_space *space, uint64_t start)
{
	struct vmt_map *map = space->near;

	if (map && map->vma.start == start)
		return map;
	map = RB_ROOT(&space->tree);
	while (map && map->vma.start != start)
		map = map->vma.start > start ? RB_LEFT(map, order) : RB_RIGHT(map, order);
	return map;
}

struct vmt_map *vmt_space_first(const struct vmt_space *space)
{
	struct vmt_map *map = RB_ROOT(&space->tree);

	while (map && RB_LEFT(map, order))
		map = RB_LEFT(map, order);
	return map;
}

VMT_HOT struct vmt_map *vmt_space_next(struct vmt_map *map)
{
	return vmt_map_tree_RB_NEXT(map);
}

struct vmt_map *vmt_space_prev(struct vmt_map *map)
{
	return vmt_map_tree_RB_PREV(map);
}

static void tell_changed(struct vmt_space *space, struct vmt_map *map)
{
	if (space->ops && space->ops->changed)
		space->ops->changed(space->ops->context, map);
}

/*
 * Make a record that is not in the tree yet. Fields are assigned one by one, since those that the
 * tree writes need not be cleared first.
 */
VMT_HOT static struct vmt_map *make_map(struct vmt_space *space, const struct vmt_vma *vma,
					uint32_t mapped_by, uint32_t put_by, uint64_t time)
{
	struct vmt_map *map = vmt_arena_alloc(space->arena, sizeof(*map));

	if (!map)
		return NULL;
	map->vma = *vma;
	map->mapped_by = mapped_by;
	map->put_by = put_by;
	map->time = time;
	map->slot = VMT_NO_INDEX;
	map->pieces = 0;
	map->first_byte = 0;
	space->near = map;
	space->count++;
	space->own += (vma->flags & VMT_MAP_OWN) != 0;
	return map;
}

/*
 * Insert a map before `next` without a search. Of two neighbours in address order at least one has
 * no child on the side of the other, and a search would end there.
 */
VMT_HOT static void link_before(struct vmt_map_tree *tree, struct vmt_map *next,
				struct vmt_map *map)
{
	struct vmt_map *parent = next;

	if (RB_LEFT(next, order) == NULL) {
		RB_LEFT(next, order) = map;
	} else {
		parent = vmt_map_tree_RB_PREV(next);
		RB_RIGHT(parent, order) = map;
	}
	RB_SET(map, parent, order);
	vmt_map_tree_RB_INSERT_COLOR(tree, map);
}

VMT_HOT struct vmt_map *vmt_space_insert_before(struct vmt_space *space, struct vmt_map *next,
						const struct vmt_vma *vma, uint32_t mapped_by,
						uint32_t put_by, uint64_t time)
{
	struct vmt_map *map = make_map(space, vma, mapped_by, put_by, time);

	if (!map)
		return NULL;
	if (next)
		link_before(&space->tree, next, map);
	else
		RB_INSERT(vmt_map_tree, &space->tree, map);
	tell_changed(space, map);
	return map;
}

struct vmt_map *vmt_space_insert(struct vmt_space *space, const struct vmt_vma *vma,
				 uint32_t mapped_by, uint32_t put_by, uint64_t time)
{
	return vmt_space_insert_before(space, NULL, vma, mapped_by, put_by, time);
}

VMT_HOT void vmt_space_remove(struct vmt_space *space, struct vmt_map *map)
{
	/* the parent is a neighbour of a leaf, and most maps removed are leaves */
	space->near = RB_PARENT(map, order);
	RB_REMOVE(vmt_map_tree, &space->tree, map);
	space->count--;
	space->own -= (map->vma.flags & VMT_MAP_OWN) != 0;
	if (space->ops && space->ops->removed)
		space->ops->removed(space->ops->context, map);
	vmt_arena_free(space->arena, map, sizeof(*map));
}

void vmt_space_update(struct vmt_space *space, struct vmt_map *map, const struct vmt_vma *vma,
		      uint32_t mapped_by, uint32_t put_by, uint64_t time)
{
	space->own += (vma->flags & VMT_MAP_OWN) != 0;
	space->own -= (map->vma.flags & VMT_MAP_OWN) != 0;
	map->vma = *vma;
	map->mapped_by = mapped_by;
	map->put_by = put_by;
	map->time = time;
	space->near = map;
	tell_changed(space, map);
}

/* Is anything known of parts of merged maps? */
static bool has_parts(const struct vmt_space *space)
{
	return space->parts && !RB_EMPTY(&space->parts->tree);
}

static struct vmt_parts_side side_of(const struct vmt_map *map)
{
	return (struct vmt_parts_side){ map != NULL, map ? map->mapped_by : VMT_NO_INDEX };
}

void vmt_space_note_mapped(const struct vmt_space *space, struct vmt_range range, uint32_t site,
			   const struct vmt_map *below, const struct vmt_map *above)
{
	if (has_parts(space) || (space->parts && (below || above)))
		vmt_parts_map(space->parts, space->arena, range, site, side_of(below),
			      side_of(above));
}

void vmt_space_note_moved(const struct vmt_space *space, struct vmt_range range)
{
	if (space->parts)
		vmt_parts_forget(space->parts, space->arena, range);
}

void vmt_space_note_joined(const struct vmt_space *space, struct vmt_range range,
			   struct vmt_owners owners, uint32_t first)
{
	const struct vmt_part part = {
		.start = range.start,
		.end = range.end,
		.mapped_by = owners.mapped_by,
		.put_by = owners.put_by,
	};

	if (!space->parts)
		return;
	if (part.mapped_by != first || vmt_parts_find(space->parts, range.start - 1))
		vmt_parts_join(space->parts, space->arena, &part);
}

static uint32_t mapper_at(const struct vmt_space *space, uint64_t addr, uint32_t otherwise)
{
	const struct vmt_part *part = vmt_parts_find(space->parts, addr);

	return part ? part->mapped_by : otherwise;
}

void vmt_space_settle(const struct vmt_space *space, uint64_t start, enum vmt_new_start how,
		      struct vmt_owners *owners)
{
	uint32_t otherwise = owners->mapped_by;
	const struct vmt_part *part;

	if (!has_parts(space))
		return;
	part = vmt_parts_find(space->parts, start);
	if (!part)
		return;
	owners->mapped_by = part->mapped_by;
	if (part->start != start || part->put_by == VMT_NO_INDEX || how == VMT_START_CUT ||
	    how == VMT_START_JOINED)
		return;
	if (how == VMT_START_MOVED || mapper_at(space, start - 1, otherwise) != part->mapped_by)
		owners->put_by = part->put_by;
}

uint32_t vmt_space_settle_again(struct vmt_space *space, struct vmt_map *map)
{
	uint32_t was = map->put_by;
	struct vmt_owners owners = { map->mapped_by, was };

	vmt_space_settle(space, map->vma.start, VMT_START_MOVED, &owners);
	if (owners.put_by != was || owners.mapped_by != map->mapped_by)
		vmt_space_update(space, map, &map->vma, owners.mapped_by, owners.put_by, map->time);
	return owners.put_by == was ? VMT_NO_INDEX : was;
}

struct vmt_map *vmt_space_uncovered(const struct vmt_space *space, uint64_t start)
{
	struct vmt_map *map = has_parts(space) ? vmt_space_at(space, start) : NULL;

	return map && !vmt_space_find(space, start - 1) ? map : NULL;
}
