/* SPDX-License-Identifier: MIT */
/*
 * A sketch: the maps as they are after a call, in address order, before they
 * become records of the table. Made by resolve.h, used up by effect.h.
 */
#ifndef VMT_OUTCOME_H
#define VMT_OUTCOME_H

#include "core/vma/space.h"

struct vmt_sketch_map {
	struct vmt_look look;
	uint32_t mapped_by;
	uint32_t put_by;
	uint64_t time;
	struct vmt_map *kept;	/* whose bytes come first in it; NULL = only new ones */
	uint64_t kept_byte;	/* where the first of these bytes was before the call */
	struct vmt_map *copied;	/* what the call's new mapping is a copy of; NULL = of nothing */
	bool is_fresh;	/* holds bytes of the call's own new mapping */
};

struct vmt_sketch {
	struct vmt_arena *arena;
	struct vmt_sketch_map *map;
	size_t count;
	size_t room;
	uint32_t last_tie;	/* the space's, while a change is drawn */
	bool out_of_memory;	/* something was left out */
	bool is_torn;	/* maps changed while they were appended: they overlapped */
};

void vmt_sketch_init(struct vmt_sketch *sketch, struct vmt_arena *arena);
void vmt_sketch_clear(struct vmt_sketch *sketch);

/* Add a map behind the last one; what it overlaps gives way. */
void vmt_sketch_append(struct vmt_sketch *sketch, const struct vmt_look *look);

/* Add a map where its start belongs. */
void vmt_sketch_insert(struct vmt_sketch *sketch, const struct vmt_look *look);

/* Make addr a boundary: the map that it lies in becomes two. */
void vmt_sketch_cut(struct vmt_sketch *sketch, uint64_t addr);

/* Take range out. */
void vmt_sketch_remove(struct vmt_sketch *sketch, struct vmt_range range);

/* Is every byte of range mapped? */
bool vmt_sketch_covers(const struct vmt_sketch *sketch, struct vmt_range range);

/* Does any map intersect range? */
bool vmt_sketch_touches(const struct vmt_sketch *sketch, struct vmt_range range);

/* The index of the first map whose end is > addr; count if there is none. */
size_t vmt_sketch_from(const struct vmt_sketch *sketch, uint64_t addr);

#endif
