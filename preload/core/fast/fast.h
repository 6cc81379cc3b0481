/* SPDX-License-Identifier: MIT */
/*
 * Changes made directly on the table, without an outcome, when it is certain what the call has
 * done. Each must do exactly what resolve.h and effect.h would have done. The first function is for
 * account.c; the others are steps that fast_range.c and fast_protect.c share with it. Out of memory
 * is noted in the effect, and the work goes on.
 */
#ifndef VMT_FAST_H
#define VMT_FAST_H

#include "core/resolve/effect.h"
#include "core/vma/merge_rules.h"

/*
 * The most frequent calls, at a third of the cost: memory mapped where nothing was, and one map or
 * a piece of it unmapped, when no question is open. Updates space and sets ret_effect as
 * vmt_resolve() and vmt_effect_apply() would without asking. Returns false, with nothing changed, if
 * it is not one of these calls.
 */
bool vmt_fast_apply(struct vmt_space *space, const struct vmt_simple *simple, uint32_t site,
		    uint64_t time, const struct vmt_effect_ops *ops, struct vmt_effect *ret_effect);

/* One call, and where its effect is noted. */
struct vmt_fast {
	struct vmt_space *space;
	uint32_t site;
	uint64_t time;
	const struct vmt_effect_ops *ops;
	struct vmt_effect *effect;
};

/* With which neighbours a new map merges. */
struct vmt_fast_sides {
	bool merges_left;
	bool merges_right;
};

/* Is the map a stack, which may have grown by itself? map may be NULL. */
bool vmt_fast_is_stack(const struct vmt_map *map);

/* Have two neighbours merged? next, pending: see vmt_merge_rules_decide(). */
enum vmt_answer vmt_fast_merges(const struct vmt_rules *rules, const struct vmt_vma *left,
				const struct vmt_vma *right, const struct vmt_vma *next,
				const struct vmt_pending_merge *pending);

/*
 * Does the new map merge with the maps that will be beside it? NULL: nothing touches it there.
 * Returns false if that is not certain, or if it merges with both.
 */
bool vmt_fast_judge(const struct vmt_space *space, const struct vmt_vma *vma,
		    const struct vmt_vma *left, const struct vmt_vma *right,
		    struct vmt_fast_sides *ret_sides);

/* Remove a map's record; its bytes belong to another map, or to none. */
void vmt_fast_drop(struct vmt_fast *it, struct vmt_map *map);

/* The part of the map that lies in range is gone. */
void vmt_fast_take_out(struct vmt_fast *it, struct vmt_map *map, struct vmt_range range);

/* The map was cut behind its start: see vmt_space_settle_again(). */
void vmt_fast_settle_again(struct vmt_fast *it, struct vmt_map *map);

/* What ended at start has gone. */
void vmt_fast_restore_start(struct vmt_fast *it, uint64_t start);

/* Add another piece of a map. */
void vmt_fast_split_off(struct vmt_fast *it, const struct vmt_vma *vma, uint32_t mapped_by,
			enum vmt_new_start how);

/*
 * Return the part of a map before end, or from start on. Beside a hole, nothing is known of a
 * neighbour's anon_vma (anon_vma.h).
 */
struct vmt_vma vmt_fast_up_to(const struct vmt_vma *vma, uint64_t end);
struct vmt_vma vmt_fast_from(const struct vmt_vma *vma, uint64_t start);

/* Return what the call makes of the part of a map in its range. */
struct vmt_vma vmt_fast_altered(const struct vmt_vma *vma, const struct vmt_change *change,
				struct vmt_range range);

/* Change a map that keeps its start and its owners. Hidden attributes are not published. */
void vmt_fast_set_vma(struct vmt_fast *it, struct vmt_map *map, const struct vmt_vma *vma);

/*
 * Add the call's new map: merged with left or with right, or on its own before next. next: the map
 * that follows, or NULL if it is not known.
 */
void vmt_fast_place(struct vmt_fast *it, struct vmt_vma *vma, struct vmt_fast_sides sides,
		    struct vmt_map *left, struct vmt_map *right, struct vmt_map *next);

#endif
