/* SPDX-License-Identifier: MIT */
/*
 * Memory for tables, cut from blocks that the caller owns. Freed pieces are kept in a list for
 * their size and reused; no memory goes back to the caller. Not thread-safe: the caller's lock
 * covers an arena.
 */
#ifndef VMT_ARENA_H
#define VMT_ARENA_H

#include "core/base/base.h"

struct vmt_arena {
	unsigned char *base;
	size_t size;
	size_t used;
	size_t ahead; /* once more bytes than this are used, the arena should be extended */
	void *free_list[64]; /* one list of free pieces for each size class */
};

/* memory must be 16-byte aligned, and need not be zeroed. */
void vmt_arena_init(struct vmt_arena *arena, void *memory, size_t size);

/*
 * Continue in another, larger block. Pieces of the old block stay valid, and are reused once they
 * are freed.
 */
void vmt_arena_extend(struct vmt_arena *arena, void *memory, size_t size);

/* The arena need not be extended before three quarters of it are in use: its pieces are small. */
void vmt_arena_extend_late(struct vmt_arena *arena);

/*
 * Returns 16-byte aligned memory that is not zeroed, or NULL when the block is full; the arena is
 * unchanged then.
 */
void *vmt_arena_alloc(struct vmt_arena *arena, size_t size);

/* size is the size that the piece was allocated with. */
void vmt_arena_free(struct vmt_arena *arena, void *piece, size_t size);

#endif
