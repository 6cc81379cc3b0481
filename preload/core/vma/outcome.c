/* SPDX-License-Identifier: MIT */
/*
 * A growing array of maps. When the arena is full the rest is left out and
 * marked, so that the caller can say that its table is no longer complete.
 */
#include "core/vma/outcome.h"

#include "core/vma/anon_vma.h"

#define FIRST_ROOM 64u

void vmt_sketch_init(struct vmt_sketch *sketch, struct vmt_arena *arena)
{
	*sketch = (struct vmt_sketch){ .arena = arena };
}

void vmt_sketch_clear(struct vmt_sketch *sketch)
{
	sketch->count = 0;
	sketch->out_of_memory = false;
	sketch->is_torn = false;
}

static bool grow(struct vmt_sketch *sketch)
{
	size_t room = sketch->room ? sketch->room * 2 : FIRST_ROOM;
	struct vmt_sketch_map *map = vmt_arena_alloc(sketch->arena, room * sizeof(*map));

	if (!map)
		return false;
	for (size_t i = 0; i < sketch->count; i++)
		map[i] = sketch->map[i];
	if (sketch->map)
		vmt_arena_free(sketch->arena, sketch->map, sketch->room * sizeof(*map));
	sketch->map = map;
	sketch->room = room;
	return true;
}

static void put(struct vmt_sketch *sketch, size_t index, const struct vmt_look *look)
{
	if (sketch->count == sketch->room && !grow(sketch)) {
		sketch->out_of_memory = true;
		return;
	}
	for (size_t i = sketch->count; i > index; i--)
		sketch->map[i] = sketch->map[i - 1];
	sketch->map[index] = (struct vmt_sketch_map){ .look = *look };
	sketch->count++;
}

/*
 * The kernel is not asked at one moment: a map may have grown downwards since the one before it
 * was looked at. The later answer holds.
 */
static void give_way(struct vmt_sketch *sketch, uint64_t start)
{
	if (sketch->count == 0 || sketch->map[sketch->count - 1].look.end <= start)
		return;
	sketch->is_torn = true;
	while (sketch->count && sketch->map[sketch->count - 1].look.start >= start)
		sketch->count--;
	if (sketch->count && sketch->map[sketch->count - 1].look.end > start)
		sketch->map[sketch->count - 1].look.end = start;
}

void vmt_sketch_append(struct vmt_sketch *sketch, const struct vmt_look *look)
{
	give_way(sketch, look->start);
	put(sketch, sketch->count, look);
}

size_t vmt_sketch_from(const struct vmt_sketch *sketch, uint64_t addr)
{
	size_t low = 0;
	size_t high = sketch->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (sketch->map[middle].look.end > addr)
			high = middle;
		else
			low = middle + 1;
	}
	return low;
}

void vmt_sketch_insert(struct vmt_sketch *sketch, const struct vmt_look *look)
{
	put(sketch, vmt_sketch_from(sketch, look->start), look);
}

void vmt_sketch_cut(struct vmt_sketch *sketch, uint64_t addr)
{
	size_t index = vmt_sketch_from(sketch, addr);

	if (index == sketch->count || sketch->map[index].look.start >= addr)
		return;

	struct vmt_look right = sketch->map[index].look;

	vmt_look_cut_front(&right, addr);
	vmt_ties_cut(&sketch->map[index].look, &right, &sketch->last_tie);
	if (VMT_FAULT != 1)
		put(sketch, index + 1, &right);
	sketch->map[index].look.end = addr;
}

void vmt_sketch_remove(struct vmt_sketch *sketch, struct vmt_range range)
{
	if (vmt_range_is_empty(range))
		return;
	vmt_sketch_cut(sketch, range.start);
	vmt_sketch_cut(sketch, range.end);

	size_t first = vmt_sketch_from(sketch, range.start);
	size_t last = first;

	while (last < sketch->count && sketch->map[last].look.start < range.end)
		last++;
	for (size_t i = last; i < sketch->count; i++)
		sketch->map[first + i - last] = sketch->map[i];
	sketch->count -= last - first;
}

bool vmt_sketch_covers(const struct vmt_sketch *sketch, struct vmt_range range)
{
	uint64_t at = range.start;

	for (size_t i = vmt_sketch_from(sketch, at); i < sketch->count && at < range.end; i++) {
		if (sketch->map[i].look.start > at)
			return false;
		at = sketch->map[i].look.end;
	}
	return at >= range.end;
}

bool vmt_sketch_touches(const struct vmt_sketch *sketch, struct vmt_range range)
{
	size_t index = vmt_sketch_from(sketch, range.start);

	return index < sketch->count && sketch->map[index].look.start < range.end;
}
