/* SPDX-License-Identifier: MIT */
/*
 * An outcome: the maps as they are after a call, in address order, before they
 * become records of the table. Made by resolve.h, used up by effect.h.
 */
#ifndef VMT_OUTCOME_H
#define VMT_OUTCOME_H

#include "core/vma/space.h"

struct vmt_outcome_map {
	struct vmt_vma vma;
	uint32_t mapped_by;
	uint32_t put_by;
	uint64_t time;
	struct vmt_map *kept; /* whose bytes come first in it; NULL = only new ones */
	uint64_t kept_byte; /* where the first of these bytes was before the call */
	struct vmt_map *copied; /* what the call's new mapping is a copy of; NULL = of nothing */
	bool is_fresh; /* holds bytes of the call's own new mapping */
};

struct vmt_outcome {
	struct vmt_arena *arena;
	struct vmt_outcome_map *map;
	size_t count;
	size_t room;
	uint32_t last_anon_cut; /* the space's, while a change is drawn */
	bool out_of_memory; /* something was left out */
	bool is_torn; /* maps changed while they were appended: they overlapped */
};

void vmt_outcome_init(struct vmt_outcome *outcome, struct vmt_arena *arena);
void vmt_outcome_clear(struct vmt_outcome *outcome);

/* Add a map behind the last one; what it overlaps gives way. */
void vmt_outcome_append(struct vmt_outcome *outcome, const struct vmt_vma *vma);

/* Add a map where its start belongs. */
void vmt_outcome_insert(struct vmt_outcome *outcome, const struct vmt_vma *vma);

/* Make addr a boundary: the map that it lies in becomes two. */
void vmt_outcome_cut(struct vmt_outcome *outcome, uint64_t addr);

/* Take range out. */
void vmt_outcome_remove(struct vmt_outcome *outcome, struct vmt_range range);

/* Is every byte of range mapped? */
bool vmt_outcome_covers(const struct vmt_outcome *outcome, struct vmt_range range);

/* Does any map intersect range? */
bool vmt_outcome_touches(const struct vmt_outcome *outcome, struct vmt_range range);

/* The index of the first map whose end is > addr; count if there is none. */
size_t vmt_outcome_from(const struct vmt_outcome *outcome, uint64_t addr);

#endif
