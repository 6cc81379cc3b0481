/* SPDX-License-Identifier: MIT */
/*
 * A growing array of maps. When the arena is full, further maps are left out and out_of_memory is
 * set, so that the caller can report that its table is no longer complete.
 */
#include "core/vma/outcome.h"

#include "core/vma/anon_vma.h"

#define FIRST_ROOM 64u
/* An outcome of more maps may hold all of them: arrays in between would only take up memory. */
#define LARGE_ROOM 1024u

void vmt_outcome_init(struct vmt_outcome *outcome, struct vmt_arena *arena)
{
	*outcome = (struct vmt_outcome){ .arena = arena };
}

void vmt_outcome_clear(struct vmt_outcome *outcome)
{
	outcome->count = 0;
	outcome->out_of_memory = false;
	outcome->is_torn = false;
}

static bool grow(struct vmt_outcome *outcome)
{
	size_t room = outcome->room ? outcome->room * 2 : FIRST_ROOM;
	struct vmt_outcome_map *map;

	if (room > LARGE_ROOM && room < outcome->expected + FIRST_ROOM)
		room = outcome->expected + FIRST_ROOM;
	map = vmt_arena_alloc(outcome->arena, room * sizeof(*map));
	if (!map)
		return false;
	for (size_t i = 0; i < outcome->count; i++)
		map[i] = outcome->map[i];
	if (outcome->map)
		vmt_arena_free(outcome->arena, outcome->map, outcome->room * sizeof(*map));
	outcome->map = map;
	outcome->room = room;
	return true;
}

static void put(struct vmt_outcome *outcome, size_t index, const struct vmt_vma *vma)
{
	if (outcome->count == outcome->room && !grow(outcome)) {
		outcome->out_of_memory = true;
		return;
	}
	for (size_t i = outcome->count; i > index; i--)
		outcome->map[i] = outcome->map[i - 1];
	outcome->map[index] = (struct vmt_outcome_map){ .vma = *vma };
	outcome->count++;
}

/*
 * The kernel is not read in one atomic step, so a map may have grown downwards after the map below
 * it was read. The later answer wins.
 */
static void give_way(struct vmt_outcome *outcome, uint64_t start)
{
	if (outcome->count == 0 || outcome->map[outcome->count - 1].vma.end <= start)
		return;
	outcome->is_torn = true;
	while (outcome->count && outcome->map[outcome->count - 1].vma.start >= start)
		outcome->count--;
	if (outcome->count && outcome->map[outcome->count - 1].vma.end > start)
		outcome->map[outcome->count - 1].vma.end = start;
}

void vmt_outcome_append(struct vmt_outcome *outcome, const struct vmt_vma *vma)
{
	give_way(outcome, vma->start);
	put(outcome, outcome->count, vma);
}

size_t vmt_outcome_from(const struct vmt_outcome *outcome, uint64_t addr)
{
	size_t low = 0;
	size_t high = outcome->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (outcome->map[middle].vma.end > addr)
			high = middle;
		else
			low = middle + 1;
	}
	return low;
}

void vmt_outcome_insert(struct vmt_outcome *outcome, const struct vmt_vma *vma)
{
	put(outcome, vmt_outcome_from(outcome, vma->start), vma);
}

void vmt_outcome_cut(struct vmt_outcome *outcome, uint64_t addr)
{
	size_t index = vmt_outcome_from(outcome, addr);

	if (index == outcome->count || outcome->map[index].vma.start >= addr)
		return;

	struct vmt_vma right = outcome->map[index].vma;

	vmt_vma_cut_front(&right, addr);
	vmt_anon_vma_cut(&outcome->map[index].vma, &right, &outcome->last_anon_cut);
	put(outcome, index + 1, &right);
	outcome->map[index].vma.end = addr;
}

void vmt_outcome_remove(struct vmt_outcome *outcome, struct vmt_range range)
{
	if (vmt_range_is_empty(range))
		return;
	vmt_outcome_cut(outcome, range.start);
	vmt_outcome_cut(outcome, range.end);

	size_t first = vmt_outcome_from(outcome, range.start);
	size_t last = first;

	while (last < outcome->count && outcome->map[last].vma.start < range.end)
		last++;
	for (size_t i = last; i < outcome->count; i++)
		outcome->map[first + i - last] = outcome->map[i];
	outcome->count -= last - first;
}

bool vmt_outcome_covers(const struct vmt_outcome *outcome, struct vmt_range range)
{
	uint64_t at = range.start;

	for (size_t i = vmt_outcome_from(outcome, at); i < outcome->count && at < range.end; i++) {
		if (outcome->map[i].vma.start > at)
			return false;
		at = outcome->map[i].vma.end;
	}
	return at >= range.end;
}

bool vmt_outcome_touches(const struct vmt_outcome *outcome, struct vmt_range range)
{
	size_t index = vmt_outcome_from(outcome, range.start);

	return index < outcome->count && outcome->map[index].vma.start < range.end;
}
