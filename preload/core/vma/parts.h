/* SPDX-License-Identifier: MIT */
/*
 * Who mapped which part of a map that several calls have made together. The kernel merges a new
 * mapping with a neighbour that has the same attributes, and when one is given back, or cut, what is
 * left belongs to whoever mapped it.
 *
 * A part is noted only where its mapper differs from that of the map it has become part of, and stays
 * noted until other memory is mapped over it. Parts do not overlap. There are at most VMT_PARTS_MAX:
 * beyond these, the table knows only who mapped the memory where a map starts.
 */
#ifndef VMT_PARTS_H
#define VMT_PARTS_H

#include "core/base/arena.h"
#include "core/base/base.h"
#include "core/vma/vma.h"
#include <bsd/sys/tree.h>

#define VMT_PARTS_MAX 8192u

struct vmt_part {
	RB_ENTRY(vmt_part) order;
	uint64_t start;
	uint64_t end;
	uint32_t mapped_by; /* site */
	uint32_t put_by; /* who put a start at this start; VMT_NO_INDEX = not known */
};

RB_HEAD(vmt_part_tree, vmt_part);

/* All zero: empty. */
struct vmt_parts {
	struct vmt_part_tree tree;
	uint32_t count;
	uint64_t hand; /* when there are too many, the next above this address is forgotten */
};

/* Returns the part that contains addr, or NULL. */
struct vmt_part *vmt_parts_find(const struct vmt_parts *parts, uint64_t addr);

/* What was mapped in the range is no longer there. */
void vmt_parts_forget(struct vmt_parts *parts, struct vmt_arena *arena, struct vmt_range range);

/* What a new mapping has merged with on one side: nothing, or memory that this site mapped. */
struct vmt_parts_side {
	bool has_merged;
	uint32_t mapped_by; /* as far as no part says otherwise */
};

/* The site has mapped the range, which has merged with what lies below and above it, or not. */
void vmt_parts_map(struct vmt_parts *parts, struct vmt_arena *arena, struct vmt_range range,
		   uint32_t site, struct vmt_parts_side below, struct vmt_parts_side above);

/*
 * The range has become part of a map that another site may have mapped: note its mapper, unless
 * that is known.
 */
void vmt_parts_join(struct vmt_parts *parts, struct vmt_arena *arena, const struct vmt_part *part);

#endif
