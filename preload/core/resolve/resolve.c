/* SPDX-License-Identifier: MIT */
/*
 * Whether two neighbours merge depends on attributes that no call shows (anon_vma,
 * accounting, policy…; mm/vma.c, is_mergeable_vma). But they never merge when what is
 * visible differs, and a call tries it only at the edges of what it touched. So the visible
 * outcome is drawn first, and the kernel is asked only about edges that look alike on both sides.
 */
#include "core/resolve/resolve.h"

#include "core/resolve/merge.h"
#include "core/resolve/predict.h"
#include "core/vma/merge_rules.h"

#define EVERYWHERE ((struct vmt_range){ 0, UINT64_MAX })
#define CANNOT_DERIVE VMT_JOIN_UNKNOWN
#define WALK_TRIES    8u

/* Widen a window to whole maps, those that touch it included. */
static struct vmt_range span_of(const struct vmt_space *space, struct vmt_range window)
{
	struct vmt_map *map = vmt_space_from(space, window.start ? window.start - 1 : 0);

	while (map && map->look.start <= window.end) {
		if (map->look.start < window.start)
			window.start = map->look.start;
		if (map->look.end > window.end) {
			window.end = map->look.end;
			break;
		}
		map = vmt_space_next(map);
	}
	return window;
}

static void set_spans(const struct vmt_space *space, const struct vmt_change *change,
		      struct vmt_lesson *lesson)
{
	lesson->span_count = 1;
	if (change->how == VMT_CHANGE_EVERYTHING) {
		lesson->span[0] = EVERYWHERE;
		return;
	}

	struct vmt_range a = span_of(space, change->window[0]);

	lesson->span[0] = a;
	if (vmt_range_is_empty(change->window[1]))
		return;

	struct vmt_range b = span_of(space, change->window[1]);

	if (vmt_range_is_empty(change->window[0])) {
		lesson->span[0] = b;
	} else if (a.start <= b.end && b.start <= a.end) {
		lesson->span[0].start = a.start < b.start ? a.start : b.start;
		lesson->span[0].end = a.end > b.end ? a.end : b.end;
	} else {
		lesson->span_count = 2;
		lesson->span[0] = a.start < b.start ? a : b;
		lesson->span[1] = a.start < b.start ? b : a;
	}
}

/* What the table says; false if a map's start may have moved by itself. */
static bool draw_before(const struct vmt_space *space, const struct vmt_change *change,
			struct vmt_lesson *lesson)
{
	bool meets_holes = !vmt_range_is_empty(change->gone[0]) || change->met_hole;
	bool sure = true;

	for (unsigned i = 0; i < lesson->span_count; i++) {
		struct vmt_map *map = vmt_space_from(space, lesson->span[i].start);

		for (; map && map->look.start < lesson->span[i].end; map = vmt_space_next(map)) {
			vmt_sketch_append(&lesson->sketch, &map->look);
			if (map->look.flags & VMT_MAP_STACK)
				sure = false;
		}
		if (meets_holes && map && (map->look.flags & VMT_MAP_STACK))
			sure = false;
	}
	return sure && !lesson->sketch.out_of_memory;
}

/* mremap treats each kind of map in its own way; ordinary memory is ordinary. */
static bool is_one_anonymous_map(const struct vmt_space *space, struct vmt_range range)
{
	struct vmt_map *map = vmt_space_find(space, range.start);

	return map && map->look.end >= range.end && !(map->look.flags & VMT_MAP_SHARED) &&
	       !vmt_look_is_file(&map->look);
}

static int derive(struct vmt_space *space, const struct vmt_change *change,
		  const struct vmt_kernel_ops *kernel, struct vmt_lesson *lesson)
{
	if (change->is_file && (!space->reasons || !kernel->file))
		return CANNOT_DERIVE;
	if (change->met_hole && !space->reasons)
		return CANNOT_DERIVE;	/* the table may not show the hole it met */
	if (!vmt_range_is_empty(change->remapped) &&
	    (!space->reasons || !is_one_anonymous_map(space, change->remapped)))
		return CANNOT_DERIVE;
	if (!draw_before(space, change, lesson) ||
	    !vmt_draw_change(space, &lesson->sketch, change, kernel))
		return CANNOT_DERIVE;
	return vmt_join_edges(space, &lesson->sketch, change, kernel);
}

static void join_spans(struct vmt_lesson *lesson)
{
	struct vmt_range *span = lesson->span;

	if (lesson->span_count < 2 || span[0].end < span[1].start)
		return;
	if (span[0].end < span[1].end)
		span[0].end = span[1].end;
	if (span[0].start > span[1].start)
		span[0].start = span[1].start;
	lesson->span_count = 1;
}

static void include_stack(struct vmt_map *map, struct vmt_range *span)
{
	if (!map || !(map->look.flags & VMT_MAP_STACK))
		return;

	struct vmt_map *below = vmt_space_prev(map);
	uint64_t floor = below ? below->look.end : 0;

	if (map->look.end > span->end)
		span->end = map->look.end;
	if (floor < span->start && map->look.start >= span->start)
		span->start = floor;
}

/* A stack may have grown since it was last looked at: it is learnt with all the hole below it. */
static void include_stacks(const struct vmt_space *space, struct vmt_lesson *lesson)
{
	for (unsigned i = 0; i < lesson->span_count; i++) {
		include_stack(vmt_space_from(space, lesson->span[i].start), &lesson->span[i]);
		include_stack(vmt_space_from(space, lesson->span[i].end), &lesson->span[i]);
	}
	join_spans(lesson);
}

/*
 * The kernel's maps may reach beyond what the table took for whole maps, after changes that
 * were not seen. Returns whether there is more to walk.
 */
static bool widen_spans(const struct vmt_space *space, struct vmt_lesson *lesson)
{
	const struct vmt_sketch *sketch = &lesson->sketch;
	bool is_wider = false;

	for (unsigned i = 0; i < lesson->span_count; i++) {
		struct vmt_range whole = lesson->span[i];

		for (size_t k = vmt_sketch_from(sketch, whole.start); k < sketch->count; k++) {
			const struct vmt_look *look = &sketch->map[k].look;

			if (look->start >= lesson->span[i].end)
				break;
			whole.start = look->start < whole.start ? look->start : whole.start;
			whole.end = look->end > whole.end ? look->end : whole.end;
		}
		if (whole.start < lesson->span[i].start || whole.end > lesson->span[i].end) {
			lesson->span[i] = span_of(space, whole);
			is_wider = true;
		}
	}
	join_spans(lesson);
	return is_wider;
}

static int walk_once(const struct vmt_kernel_ops *kernel, struct vmt_lesson *lesson)
{
	int ret = 0;

	vmt_sketch_clear(&lesson->sketch);
	for (unsigned i = 0; i < lesson->span_count && ret == 0; i++)
		ret = kernel->walk(kernel->context, lesson->span[i], &lesson->sketch);
	return ret;
}

static bool is_in_spans(const struct vmt_lesson *lesson, const struct vmt_look *look)
{
	for (unsigned i = 0; i < lesson->span_count; i++)
		if (look->start >= lesson->span[i].start && look->end <= lesson->span[i].end)
			return true;
	return false;
}

/* What is left of maps that changed while they were looked at may lie outside. */
static void drop_outside(struct vmt_lesson *lesson)
{
	struct vmt_sketch *sketch = &lesson->sketch;
	size_t kept = 0;

	for (size_t i = 0; i < sketch->count; i++)
		if (is_in_spans(lesson, &sketch->map[i].look))
			sketch->map[kept++] = sketch->map[i];
	sketch->count = kept;
}

/* Other threads may change maps between two questions; then all of them are asked again. */
static int walk(const struct vmt_space *space, const struct vmt_kernel_ops *kernel,
		struct vmt_lesson *lesson)
{
	unsigned tries = 0;
	bool again;

	include_stacks(space, lesson);
	do {
		int ret = walk_once(kernel, lesson);

		if (ret)
			return ret;
		again = lesson->sketch.is_torn && ++tries < WALK_TRIES;
	} while (widen_spans(space, lesson) || again);
	drop_outside(lesson);
	return 0;
}

/* A new map whose end the arguments do not tell: it is one map of its own. */
static void complete_fresh(struct vmt_change *change, const struct vmt_lesson *lesson)
{
	const struct vmt_sketch *sketch = &lesson->sketch;

	if (change->fresh.start == 0 || change->fresh.end != 0)
		return;

	size_t index = vmt_sketch_from(sketch, change->fresh.start);

	if (index < sketch->count && sketch->map[index].look.start == change->fresh.start)
		change->fresh.end = sketch->map[index].look.end;
	else
		change->fresh.start = 0;
}

/* Growth that did not join the map below is a mapping of its own (first brk of a fork child). */
static void complete_grown(struct vmt_change *change, const struct vmt_lesson *lesson)
{
	const struct vmt_sketch *sketch = &lesson->sketch;

	if (vmt_range_is_empty(change->grown))
		return;

	size_t index = vmt_sketch_from(sketch, change->grown.start);

	if (index < sketch->count && sketch->map[index].look.start == change->grown.start) {
		change->fresh = change->grown;
		change->grown = (struct vmt_range){ 0, 0 };
	}
}

/* Neither rules nor kernel: draw the change over the table and join what looks alike. */
static void guess(struct vmt_space *space, const struct vmt_change *change,
		  struct vmt_lesson *lesson)
{
	vmt_sketch_clear(&lesson->sketch);
	draw_before(space, change, lesson);
	if (change->failed)
		return;
	vmt_draw_change(space, &lesson->sketch, change, NULL);
	vmt_join_edges(space, &lesson->sketch, change, NULL);
}

enum vmt_learnt vmt_learn(struct vmt_space *space, struct vmt_change *change,
			  const struct vmt_kernel_ops *kernel, struct vmt_lesson *lesson)
{
	int learnt = CANNOT_DERIVE;

	vmt_sketch_clear(&lesson->sketch);
	set_spans(space, change, lesson);
	if (change->how == VMT_CHANGE_DERIVE)
		learnt = derive(space, change, kernel, lesson);
	if (learnt == CANNOT_DERIVE) {
		learnt = VMT_LEARNT_ASKED;
		if (walk(space, kernel, lesson)) {
			guess(space, change, lesson);
			learnt = VMT_LEARNT_GUESSED;
		} else {
			vmt_known_recall(space, &lesson->sketch, change);
		}
	}
	complete_fresh(change, lesson);
	complete_grown(change, lesson);
	vmt_known_settle(&lesson->sketch, change);
	return (enum vmt_learnt)learnt;
}
