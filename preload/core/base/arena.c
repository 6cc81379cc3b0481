/* SPDX-License-Identifier: MIT */
/*
 * Pieces come in size classes: multiples of 16 up to 512 bytes, powers of two above. The first word
 * of a free piece points to the next free piece of its class.
 */
#include "core/base/arena.h"

#define SMALL_STEP    16u
#define SMALL_CLASSES 32u
#define SMALL_MAX     (SMALL_STEP * SMALL_CLASSES)

static unsigned class_of(size_t size, size_t *ret_rounded)
{
	if (size <= SMALL_MAX) {
		unsigned steps = size ? (unsigned)((size + SMALL_STEP - 1) / SMALL_STEP) : 1;

		*ret_rounded = (size_t)steps * SMALL_STEP;
		return steps - 1;
	}

	unsigned bits = 64 - (unsigned)__builtin_clzl(size - 1);

	*ret_rounded = (size_t)1 << bits;
	return SMALL_CLASSES + bits - 10; /* 1024 = 2^10 is the first class above */
}

/*
 * The largest piece is an outcome that holds every map. It is up to twice as large as all other
 * memory together, so an arena is due for extension once a quarter of it is in use.
 */
void vmt_arena_extend(struct vmt_arena *arena, void *memory, size_t size)
{
	arena->base = memory;
	arena->size = size;
	arena->used = 0;
	arena->ahead = size / 4;
}

void vmt_arena_extend_late(struct vmt_arena *arena)
{
	arena->ahead = arena->size / 4 * 3;
}

void vmt_arena_init(struct vmt_arena *arena, void *memory, size_t size)
{
	vmt_arena_extend(arena, memory, size);
	for (unsigned i = 0; i < VMT_COUNT(arena->free_list); i++)
		arena->free_list[i] = NULL;
}

VMT_HOT void *vmt_arena_alloc(struct vmt_arena *arena, size_t size)
{
	size_t rounded;

	if (size > arena->size)
		return NULL;

	unsigned class = class_of(size, &rounded);
	void **piece = arena->free_list[class];

	if (piece) {
		arena->free_list[class] = *piece;
		return piece;
	}
	if (rounded > arena->size - arena->used)
		return NULL;
	piece = (void **)(void *)(arena->base + arena->used);
	arena->used += rounded;
	return piece;
}

VMT_HOT void vmt_arena_free(struct vmt_arena *arena, void *piece, size_t size)
{
	size_t rounded;
	unsigned class = class_of(size, &rounded);

	*(void **)piece = arena->free_list[class];
	/* whoever is taken out of here by a handler's jump leaves a list that is complete */
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	arena->free_list[class] = piece;
}
