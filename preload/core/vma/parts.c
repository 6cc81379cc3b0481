/* SPDX-License-Identifier: MIT */
/* Parts of maps: see parts.h. Without memory for a part, it is not noted. */
#include "core/vma/parts.h"

static int order_of(const struct vmt_part *a, const struct vmt_part *b)
{
	if (a->start == b->start)
		return 0;
	return a->start < b->start ? -1 : 1;
}

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wunused-function"
#pragma GCC diagnostic ignored "-Wmissing-prototypes"
#pragma GCC diagnostic ignored "-Wcast-qual"
RB_PROTOTYPE(vmt_part_tree, vmt_part, order, order_of)
RB_GENERATE(vmt_part_tree, vmt_part, order, order_of)
#pragma GCC diagnostic pop

/* Returns the first part whose end is > addr, or NULL. */
static struct vmt_part *part_from(const struct vmt_parts *parts, uint64_t addr)
{
	struct vmt_part *part = RB_ROOT(&parts->tree);
	struct vmt_part *best = NULL;

	while (part) {
		if (part->end > addr) {
			best = part;
			part = RB_LEFT(part, order);
		} else {
			part = RB_RIGHT(part, order);
		}
	}
	return best;
}

struct vmt_part *vmt_parts_find(const struct vmt_parts *parts, uint64_t addr)
{
	struct vmt_part *part = part_from(parts, addr);

	return part && part->start <= addr ? part : NULL;
}

static void drop(struct vmt_parts *parts, struct vmt_arena *arena, struct vmt_part *part)
{
	RB_REMOVE(vmt_part_tree, &parts->tree, part);
	parts->count--;
	vmt_arena_free(arena, part, sizeof(*part));
}

/* One after the other goes, in the order of addresses, so that none is kept for ever. */
static void make_room(struct vmt_parts *parts, struct vmt_arena *arena)
{
	struct vmt_part *part = part_from(parts, parts->hand);

	if (parts->count < VMT_PARTS_MAX)
		return;
	part = part ? part : RB_MIN(vmt_part_tree, &parts->tree);
	parts->hand = part->end;
	drop(parts, arena, part);
}

static void add_part(struct vmt_parts *parts, struct vmt_arena *arena, const struct vmt_part *part)
{
	struct vmt_part *added;

	make_room(parts, arena);
	added = vmt_arena_alloc(arena, sizeof(*added));
	if (!added)
		return;
	*added = *part;
	RB_INSERT(vmt_part_tree, &parts->tree, added);
	parts->count++;
}

void vmt_parts_forget(struct vmt_parts *parts, struct vmt_arena *arena, struct vmt_range range)
{
	struct vmt_part *part = part_from(parts, range.start);
	struct vmt_part *next;

	for (; part && part->start < range.end; part = next) {
		struct vmt_part rest = *part;

		next = RB_NEXT(vmt_part_tree, &parts->tree, part);
		if (part->start < range.start) {
			part->end = range.start;
			rest.start = range.end;
			rest.put_by = VMT_NO_INDEX;
			if (rest.start < rest.end) {
				add_part(parts, arena, &rest); /* this may drop `next` */
				return;
			}
		} else if (part->end > range.end) {
			part->start = range.end; /* the order stays the same */
			part->put_by = VMT_NO_INDEX;
		} else {
			drop(parts, arena, part);
		}
	}
}

/* Is the memory on this side of another mapper, or does a part say who mapped it? */
static bool differs(const struct vmt_part *part, struct vmt_parts_side side, uint32_t site)
{
	return side.has_merged && (part || side.mapped_by != site);
}

void vmt_parts_map(struct vmt_parts *parts, struct vmt_arena *arena, struct vmt_range range,
		   uint32_t site, struct vmt_parts_side below, struct vmt_parts_side above)
{
	struct vmt_part *part = vmt_parts_find(parts, range.start);
	struct vmt_part *left, *right;

	if (part && part->start == range.start && part->end == range.end &&
	    part->mapped_by == site && part->put_by == site)
		return; /* the same as before: what is mapped and unmapped again and again */
	vmt_parts_forget(parts, arena, range);
	left = below.has_merged ? vmt_parts_find(parts, range.start - 1) : NULL;
	right = above.has_merged ? vmt_parts_find(parts, range.end) : NULL;
	if (left && left->mapped_by == site)
		left->end = range.end;
	else if (right && right->mapped_by == site)
		right->start = range.start;
	else if (differs(left, below, site) || differs(right, above, site))
		add_part(parts, arena,
			 &(struct vmt_part){
				 .start = range.start,
				 .end = range.end,
				 .mapped_by = site,
				 .put_by = site,
			 });
}

void vmt_parts_join(struct vmt_parts *parts, struct vmt_arena *arena, const struct vmt_part *part)
{
	struct vmt_part *next = part_from(parts, part->start);
	struct vmt_part joined = *part;

	if (next && next->start == part->start)
		next->put_by = part->put_by;
	if (next && next->start <= part->start)
		return;
	if (next && next->start < joined.end)
		joined.end = next->start;
	add_part(parts, arena, &joined);
}
