/* SPDX-License-Identifier: MIT */
/*
 * An outcome: the maps after a call, in address order, before they become records of the table.
 * Made by resolve.h, consumed by effect.h.
 */
#ifndef VMT_OUTCOME_H
#define VMT_OUTCOME_H

#include "core/vma/space.h"

struct vmt_outcome_map {
	struct vmt_vma vma;
	uint32_t mapped_by;
	uint32_t put_by;
	uint64_t time;
	/* the earlier map whose bytes come first in this one; NULL = all bytes are new */
	struct vmt_map *kept;
	uint64_t kept_byte; /* the address of the first of these bytes before the call */
	/* the map that the call's new mapping is a copy of; NULL = it is no copy */
	struct vmt_map *copied;
	bool is_fresh; /* contains bytes of the mapping that the call made */
};

struct vmt_outcome {
	struct vmt_arena *arena;
	struct vmt_outcome_map *map;
	size_t count;
	size_t room;
	size_t expected; /* how many maps there may be at most, as far as is known */
	uint32_t last_anon_cut; /* the space's last_anon_cut while the change is predicted */
	bool out_of_memory; /* maps are missing */
	bool is_torn; /* maps that were appended overlapped: they changed meanwhile */
};

void vmt_outcome_init(struct vmt_outcome *outcome, struct vmt_arena *arena);
void vmt_outcome_clear(struct vmt_outcome *outcome);

/* Append a map; earlier maps that it overlaps are cut or removed. */
void vmt_outcome_append(struct vmt_outcome *outcome, const struct vmt_vma *vma);

/* Insert a map in address order. */
void vmt_outcome_insert(struct vmt_outcome *outcome, const struct vmt_vma *vma);

/* Split the map that contains addr, if any, at addr. */
void vmt_outcome_cut(struct vmt_outcome *outcome, uint64_t addr);

/* Remove range. */
void vmt_outcome_remove(struct vmt_outcome *outcome, struct vmt_range range);

/* Is every byte of range mapped? */
bool vmt_outcome_covers(const struct vmt_outcome *outcome, struct vmt_range range);

/* Does any map intersect range? */
bool vmt_outcome_touches(const struct vmt_outcome *outcome, struct vmt_range range);

/* Returns the index of the first map whose end is > addr, or count if there is none. */
size_t vmt_outcome_from(const struct vmt_outcome *outcome, uint64_t addr);

#endif
