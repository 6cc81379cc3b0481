/* SPDX-License-Identifier: MIT */
#include "core/resolve/origin.h"

static uint64_t lower(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

struct vmt_range vmt_origin_moved_range(const struct vmt_change *change)
{
	return (struct vmt_range){ change->to, change->to + change->from.end - change->from.start };
}

/* Returns the next address after x at which vmt_origin_of() may apply a different rule. */
static uint64_t next_rule(const struct vmt_change *change, uint64_t x)
{
	const struct vmt_range range[] = { change->fresh, vmt_origin_moved_range(change),
					   change->grown, change->gone[0], change->gone[1] };
	uint64_t next = UINT64_MAX;

	for (unsigned i = 0; i < VMT_COUNT(range); i++) {
		if (vmt_range_is_empty(range[i]))
			continue;
		if (range[i].start > x)
			next = lower(next, range[i].start);
		else if (range[i].end > x)
			next = lower(next, range[i].end);
	}
	return next;
}

bool vmt_origin_is_gone(const struct vmt_change *change, uint64_t x)
{
	return !change->failed &&
	       (vmt_range_has(change->gone[0], x) || vmt_range_has(change->gone[1], x));
}

/* Bytes that did not move, or that nothing explains. */
static struct vmt_origin origin_kept(const struct vmt_space *space, uint64_t x, uint64_t end)
{
	struct vmt_map *map = vmt_space_from(space, x);
	struct vmt_origin alien = { VMT_ORIGIN_ALIEN, NULL, x, end };

	if (!map)
		return alien;
	if (map->vma.start <= x)
		return (struct vmt_origin){ VMT_ORIGIN_MAP, map, x, lower(end, map->vma.end) };
	alien.end = lower(end, map->vma.start);
	return alien;
}

static struct vmt_origin origin_in_place(const struct vmt_space *space,
					 const struct vmt_change *change, uint64_t x, uint64_t end)
{
	if (vmt_origin_is_gone(change, x))
		return (struct vmt_origin){ VMT_ORIGIN_ALIEN, NULL, x, end };
	return origin_kept(space, x, end);
}

/*
 * Since 6.17 mremap moves several maps at once, one by one (mm/mremap.c, remap_move). Where the
 * source has a hole between two maps, whatever lies at the destination stays.
 *
 * 	AA..BB moved onto CCCCCC -> AACCBB
 */
static bool is_hole(const struct vmt_space *space, uint64_t was, uint64_t x, uint64_t *end)
{
	struct vmt_map *map = vmt_space_from(space, was);

	if (map && map->vma.start <= was)
		return false;
	if (map)
		*end = lower(*end, x + (map->vma.start - was));
	return true;
}

static struct vmt_origin origin_moved(const struct vmt_space *space,
				      const struct vmt_change *change, uint64_t x, uint64_t end)
{
	uint64_t was = x - change->to + change->from.start;

	if (is_hole(space, was, x, &end))
		return origin_kept(space, x, end);

	struct vmt_map *map = vmt_space_find(space, was);

	return (struct vmt_origin){ VMT_ORIGIN_MAP, map, was, lower(end, x + map->vma.end - was) };
}

static struct vmt_origin origin_fresh(const struct vmt_space *space,
				      const struct vmt_change *change, uint64_t x, uint64_t end)
{
	uint64_t was = x - change->fresh.start + change->copied.start;

	if (change->copied.start == 0)
		return (struct vmt_origin){ VMT_ORIGIN_FRESH, NULL, x, end };

	struct vmt_map *map = vmt_space_find(space, change->copied.start);

	if (vmt_range_is_empty(change->copied)) /* old length 0: a copy of one map, of any length */
		return (struct vmt_origin){ VMT_ORIGIN_FRESH, map, x, end };
	if (is_hole(space, was, x, &end))
		return origin_kept(space, x, end);
	map = vmt_space_find(space, was);
	return (struct vmt_origin){ VMT_ORIGIN_FRESH, map, x, lower(end, x + map->vma.end - was) };
}

/*
 * A move of several maps that failed midway: bytes that have left their old place are at the new
 * one. This is decided page by page, since the next page may have stayed.
 */
static struct vmt_origin origin_half_moved(const struct vmt_space *space,
					   const struct vmt_change *change,
					   const struct vmt_outcome *outcome, uint64_t x,
					   uint64_t end)
{
	uint64_t was = x - change->to + change->from.start;

	end = lower(end, x + VMT_PAGE_SIZE);
	if (vmt_outcome_touches(outcome, (struct vmt_range){ was, was + VMT_PAGE_SIZE }))
		return origin_in_place(space, change, x, end);
	return origin_moved(space, change, x, end);
}

/*
 * A copy of several maps (MREMAP_DONTUNMAP) that failed midway: whatever was at the destination
 * before is assumed to be there still.
 */
static struct vmt_origin origin_half_copied(const struct vmt_space *space,
					    const struct vmt_change *change, uint64_t x,
					    uint64_t end)
{
	end = lower(end, x + VMT_PAGE_SIZE);
	if (vmt_space_find(space, x))
		return origin_in_place(space, change, x, end);
	return origin_fresh(space, change, x, end);
}

struct vmt_origin vmt_origin_of(const struct vmt_space *space, const struct vmt_change *change,
				const struct vmt_outcome *outcome, uint64_t x, uint64_t limit)
{
	uint64_t end = lower(limit, next_rule(change, x));

	if (vmt_range_has(change->fresh, x))
		return change->failed ? origin_half_copied(space, change, x, end) :
					origin_fresh(space, change, x, end);
	if (vmt_range_has(vmt_origin_moved_range(change), x))
		return change->failed ? origin_half_moved(space, change, outcome, x, end) :
					origin_moved(space, change, x, end);
	if (vmt_range_has(change->grown, x)) {
		struct vmt_map *map = vmt_space_find(space, change->grown_of);

		if (map)
			return (struct vmt_origin){ VMT_ORIGIN_MAP, map, UINT64_MAX, end };
	}
	return origin_in_place(space, change, x, end);
}
