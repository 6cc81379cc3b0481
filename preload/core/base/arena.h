/* SPDX-License-Identifier: MIT */
/*
 * Memory for tables, cut from blocks that the caller owns. Freed pieces are
 * kept by size and used again; nothing is ever given back. Not thread-safe: the
 * caller's lock covers it.
 */
#ifndef VMT_ARENA_H
#define VMT_ARENA_H

#include "core/base/base.h"

struct vmt_arena {
	unsigned char *base;
	size_t size;
	size_t used;
	size_t ahead; /* more used than this: time to extend it */
	void *free_list[64]; /* by size class */
};

/* memory: zeroed or not, 16-byte aligned. */
void vmt_arena_init(struct vmt_arena *arena, void *memory, size_t size);

/*
 * Go on in another block, which is to be larger; what was given out stays good, and comes back to
 * be used.
 */
void vmt_arena_extend(struct vmt_arena *arena, void *memory, size_t size);

/* 16-byte aligned, not zeroed; NULL when the block is full (nothing has changed then). */
void *vmt_arena_alloc(struct vmt_arena *arena, size_t size);

/* size: as it was asked for. */
void vmt_arena_free(struct vmt_arena *arena, void *piece, size_t size);

#endif
