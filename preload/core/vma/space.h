/* SPDX-License-Identifier: MIT */
/*
 * The table of a process's maps, which stores who put each start address there. It is a cache of
 * the kernel's own list; effect.h says how a call changes it.
 *
 * Records are found, and walked in address order, by a red-black tree over them: no change moves
 * more than a few of its links, however many maps there are. Memory comes from the caller's arena.
 * Nothing here makes a system call. One lock, the caller's, protects the whole table.
 */
#ifndef VMT_SPACE_H
#define VMT_SPACE_H

#include "core/base/arena.h"
#include "core/base/base.h"
#include "core/vma/parts.h"
#include "core/vma/rules.h"
#include "core/vma/vma.h"
#include <bsd/sys/tree.h>

struct vmt_map {
	RB_ENTRY(vmt_map) order; /* first, next to the bounds: a descent reads nothing else */
	struct vmt_vma vma;
	uint32_t mapped_by; /* the site whose call mapped the memory where it starts */
	uint32_t put_by; /* the site whose call put this start here */
	uint64_t time; /* when the start was put here, ns */
	uint32_t slot; /* the slot of its range in the recording; VMT_NO_INDEX = none */

	uint32_t pieces; /* scratch of effect.c */
	uint64_t first_byte; /* scratch of effect.c */
};

RB_HEAD(vmt_map_tree, vmt_map);

/*
 * Callbacks for changes to the table, so that the recording can follow. All may be NULL. They come
 * with each change, not once at the end of a call: one call may change any number of records, a list
 * of them would need memory just where memory may have run out, and a process that is killed in the
 * middle leaves a recording that is at most one record behind the table.
 */
struct vmt_space_ops {
	void (*changed)(void *context, struct vmt_map *map);
	void (*removed)(void *context, struct vmt_map *map);
	void *context;
};

struct vmt_space {
	struct vmt_arena *arena;
	struct vmt_map_tree tree;
	/* the map that was changed last, or a neighbour of one removed; NULL = none */
	struct vmt_map *near;
	const struct vmt_space_ops *ops;
	struct vmt_parts *parts; /* the caller's; NULL = none */
	uint64_t count; /* all maps, including the library's own */
	uint64_t own; /* the library's own maps */
	struct vmt_rules rules;
};

void vmt_space_init(struct vmt_space *space, struct vmt_arena *arena,
		    const struct vmt_space_ops *ops);

/* Returns the map that contains addr, or NULL. */
struct vmt_map *vmt_space_find(const struct vmt_space *space, uint64_t addr);

/* Returns the map that starts at exactly start, or NULL. */
struct vmt_map *vmt_space_at(const struct vmt_space *space, uint64_t start);

/*
 * Returns the first map whose end is > addr: the map that contains addr, or the next one; NULL
 * after the last.
 */
struct vmt_map *vmt_space_from(const struct vmt_space *space, uint64_t addr);

struct vmt_map *vmt_space_first(const struct vmt_space *space);
struct vmt_map *vmt_space_next(struct vmt_map *map);
struct vmt_map *vmt_space_prev(struct vmt_map *map);

/*
 * Add a map, which must not overlap another. Returns it, or NULL without memory; the table is
 * unchanged then.
 */
struct vmt_map *vmt_space_insert(struct vmt_space *space, const struct vmt_vma *vma,
				 uint32_t mapped_by, uint32_t put_by, uint64_t time);

/*
 * Add a map when the map after it is known, which saves the descent. next NULL: unknown, or none.
 */
struct vmt_map *vmt_space_insert_before(struct vmt_space *space, struct vmt_map *next,
					const struct vmt_vma *vma, uint32_t mapped_by,
					uint32_t put_by, uint64_t time);

void vmt_space_remove(struct vmt_space *space, struct vmt_map *map);

/*
 * The site's call has mapped the range, and it has merged with these neighbours; NULL: it has not.
 */
void vmt_space_note_mapped(const struct vmt_space *space, struct vmt_range range, uint32_t site,
			   const struct vmt_map *below, const struct vmt_map *above);

/* What came to lie in the range was mapped elsewhere. */
void vmt_space_note_moved(const struct vmt_space *space, struct vmt_range range);

/* The owners of a map. */
struct vmt_owners {
	uint32_t mapped_by;
	uint32_t put_by;
};

/*
 * What these own has become part of a map that starts with what `first` mapped.
 */
void vmt_space_note_joined(const struct vmt_space *space, struct vmt_range range,
			   struct vmt_owners owners, uint32_t first);

/* How a map got a start where it had none. */
enum vmt_new_start {
	VMT_START_MOVED, /* memory in front of it has gone */
	VMT_START_JOINED, /* memory in front of it has become part of it */
	VMT_START_CUT, /* the call has made what begins there differ from what ends there */
	VMT_START_BEYOND, /* what ended there has gone, or something else lies there now */
};

/*
 * Who owns a map with a new start? owners: those of the map that it was part of, and who would have put
 * the start there. Where it is known that another call mapped what lies there, that call is the
 * mapper. If there was a start at the same place before the map became part of another, it is again
 * of who had put it there, unless it is a cut within what one site mapped.
 */
void vmt_space_settle(const struct vmt_space *space, uint64_t start, enum vmt_new_start how,
		      struct vmt_owners *owners);

/*
 * The map was cut behind its start, or from what lay below it: it belongs to who mapped what it begins
 * with, as far as that is known. Returns who had put its start there before, if that is another site
 * now; VMT_NO_INDEX otherwise.
 */
uint32_t vmt_space_settle_again(struct vmt_space *space, struct vmt_map *map);

/* Returns the map that begins at start if nothing lies below it and parts are known; or NULL. */
struct vmt_map *vmt_space_uncovered(const struct vmt_space *space, uint64_t start);

/* Change map in place; vma->start must equal the map's own. */
void vmt_space_update(struct vmt_space *space, struct vmt_map *map, const struct vmt_vma *vma,
		      uint32_t mapped_by, uint32_t put_by, uint64_t time);

#endif
