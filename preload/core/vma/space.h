/* SPDX-License-Identifier: MIT */
/*
 * The table of a process's maps: start address -> who put it there. It is a
 * cache of the kernel's own list; effect.h says how a call changes it.
 *
 * Records are found by their start (uthash) and walked in address order
 * (a red-black tree over the same records). Memory comes from the caller's arena. Nothing
 * here makes a system call, and one lock of the caller's covers it all.
 */
#ifndef VMT_SPACE_H
#define VMT_SPACE_H

#include "core/base/arena.h"
#include "core/base/base.h"
#include "core/vma/rules.h"
#include "core/vma/vma.h"

#define uthash_malloc(bytes)      vmt_arena_alloc(space->arena, (bytes))
#define uthash_free(piece, bytes) vmt_arena_free(space->arena, (piece), (bytes))
#define uthash_fatal(text)        uthash_fatal_must_not_be_used(text)
#define uthash_bzero(piece, n)    __builtin_memset((piece), 0, (n))
#define HASH_NONFATAL_OOM         1
#define HASH_FUNCTION(key, length, hash) \
	((hash) = vmt_space_hash(*(const uint64_t *)(const void *)(key)))
#define HASH_KEYCMP(a, b, length) \
	(*(const uint64_t *)(const void *)(a) != *(const uint64_t *)(const void *)(b))
#include <uthash.h>
#undef HASH_INITIAL_NUM_BUCKETS /* uthash defines them itself, whatever was defined before */
#undef HASH_INITIAL_NUM_BUCKETS_LOG2
#define HASH_INITIAL_NUM_BUCKETS      1024u
#define HASH_INITIAL_NUM_BUCKETS_LOG2 10u
#undef HASH_BKT_CAPACITY_THRESH /* 10: twice the buckets for hardly shorter chains */
#define HASH_BKT_CAPACITY_THRESH 14u
#include <bsd/sys/tree.h>

struct vmt_map {
	RB_ENTRY(vmt_map) order; /* first, beside the bounds: all that a descent looks at */
	struct vmt_vma vma;
	uint32_t mapped_by; /* site whose call mapped the first byte */
	uint32_t put_by; /* site whose call put this start here */
	uint64_t time; /* when, ns */
	uint32_t slot; /* of the owner's published copy; VMT_NO_INDEX = none */

	uint32_t pieces; /* scratch of effect.c */
	uint64_t first_byte; /* scratch of effect.c */
	UT_hash_handle hh;
};

RB_HEAD(vmt_map_tree, vmt_map);

/* Who wants to hear of changes (the published copy does). May be all NULL. */
struct vmt_space_ops {
	void (*changed)(void *context, struct vmt_map *map);
	void (*removed)(void *context, struct vmt_map *map);
	void *context;
};

struct vmt_space {
	struct vmt_arena *arena;
	struct vmt_map *by_start;
	struct vmt_map_tree tree;
	struct vmt_map *near; /* changed last, or beside what was removed; NULL = none */
	const struct vmt_space_ops *ops;
	uint64_t count; /* maps, own included */
	uint64_t own; /* of these, the library's */
	struct vmt_rules rules;
};

/*
 * uthash takes the low bits, and stops to grow for good when it finds them badly spread, as those
 * of one multiplication are for pages side by side: the high bits are folded into them.
 */
static inline unsigned vmt_space_hash(uint64_t start)
{
	uint64_t mixed = (start >> 12) * UINT64_C(0x9e3779b97f4a7c15);

	mixed = (mixed ^ mixed >> 32) * UINT64_C(0xd6e8feb86659fd93);
	return (unsigned)(mixed ^ mixed >> 32);
}

void vmt_space_init(struct vmt_space *space, struct vmt_arena *arena,
		    const struct vmt_space_ops *ops);

/* The map that addr lies in, or NULL. */
struct vmt_map *vmt_space_find(const struct vmt_space *space, uint64_t addr);

/* The map that starts at exactly start, or NULL. */
struct vmt_map *vmt_space_at(const struct vmt_space *space, uint64_t start);

/* The first map whose end is > addr: the one addr lies in or the next one; NULL at the end. */
struct vmt_map *vmt_space_from(const struct vmt_space *space, uint64_t addr);

struct vmt_map *vmt_space_first(const struct vmt_space *space);
struct vmt_map *vmt_space_next(struct vmt_map *map);
struct vmt_map *vmt_space_prev(struct vmt_map *map);

/*
 * Add a map that overlaps no other. Returns it, or NULL when memory ran out
 * (then nothing has changed).
 */
struct vmt_map *vmt_space_insert(struct vmt_space *space, const struct vmt_vma *vma,
				 uint32_t mapped_by, uint32_t put_by, uint64_t time);

/*
 * The same, where it is known which map follows; spares the descent. next NULL: none, or not known.
 */
struct vmt_map *vmt_space_insert_before(struct vmt_space *space, struct vmt_map *next,
					const struct vmt_vma *vma, uint32_t mapped_by,
					uint32_t put_by, uint64_t time);

void vmt_space_remove(struct vmt_space *space, struct vmt_map *map);

/* Change map in place; look->start must be map's own. */
void vmt_space_update(struct vmt_space *space, struct vmt_map *map, const struct vmt_vma *vma,
		      uint32_t mapped_by, uint32_t put_by, uint64_t time);

#endif
