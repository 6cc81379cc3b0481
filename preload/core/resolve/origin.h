/* SPDX-License-Identifier: MIT */
/* Where the bytes of a map come from after a call: from a map before it, from the call, or neither. */
#ifndef VMT_ORIGIN_H
#define VMT_ORIGIN_H

#include "core/vma/change.h"
#include "core/vma/outcome.h"
#include "core/vma/space.h"

enum vmt_origin_kind { VMT_ORIGIN_MAP, VMT_ORIGIN_FRESH, VMT_ORIGIN_ALIEN };

/* The origin of a run of bytes [x, end) in a map after the call. */
struct vmt_origin {
	enum vmt_origin_kind kind;
	/* VMT_ORIGIN_MAP: the earlier map; VMT_ORIGIN_FRESH: the map it is a copy of */
	struct vmt_map *map;
	uint64_t byte; /* the address of x before the call */
	uint64_t end;
};

/* Find the origin of the bytes from x on, in a map of the outcome that ends at limit. */
struct vmt_origin vmt_origin_of(const struct vmt_space *space, const struct vmt_change *change,
				const struct vmt_outcome *outcome, uint64_t x, uint64_t limit);

/* Did the call unmap this address? */
bool vmt_origin_is_gone(const struct vmt_change *change, uint64_t x);

/* Where mremap moved memory to; empty if it moved none. */
struct vmt_range vmt_origin_moved_range(const struct vmt_change *change);

#endif
