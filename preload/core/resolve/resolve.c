/* SPDX-License-Identifier: MIT */
/*
 * Whether two neighbours merge depends on attributes that no call shows (anon_vma, accounting,
 * policy…; mm/vma.c, is_mergeable_vma). But maps that differ visibly never merge, and a call only
 * tries to merge at the ends of what it touched. So the visible outcome is predicted first, and
 * the kernel is asked only about neighbours that look alike.
 */
#include "core/resolve/resolve.h"

#include "core/resolve/merge.h"
#include "core/resolve/predict.h"
#include "core/vma/merge_rules.h"
#include "core/vma/vma_class.h"

#define EVERYWHERE    ((struct vmt_range){ 0, UINT64_MAX })
#define CANNOT_DERIVE VMT_MERGE_UNKNOWN
#define WALK_TRIES    8u

/* Widen a window to whole maps, including those that touch it. */
static struct vmt_range span_of(const struct vmt_space *space, struct vmt_range window)
{
	struct vmt_map *map = vmt_space_from(space, window.start ? window.start - 1 : 0);

	while (map && map->vma.start <= window.end) {
		if (map->vma.start < window.start)
			window.start = map->vma.start;
		if (map->vma.end > window.end) {
			window.end = map->vma.end;
			break;
		}
		map = vmt_space_next(map);
	}
	return window;
}

static void set_spans(const struct vmt_space *space, const struct vmt_change *change,
		      struct vmt_resolution *resolution)
{
	resolution->span_count = 1;
	if (change->how == VMT_CHANGE_EVERYTHING) {
		resolution->span[0] = EVERYWHERE;
		return;
	}

	struct vmt_range a = span_of(space, change->window[0]);

	resolution->span[0] = a;
	if (vmt_range_is_empty(change->window[1]))
		return;

	struct vmt_range b = span_of(space, change->window[1]);

	if (vmt_range_is_empty(change->window[0])) {
		resolution->span[0] = b;
	} else if (a.start <= b.end && b.start <= a.end) {
		resolution->span[0].start = a.start < b.start ? a.start : b.start;
		resolution->span[0].end = a.end > b.end ? a.end : b.end;
	} else {
		resolution->span_count = 2;
		resolution->span[0] = a.start < b.start ? a : b;
		resolution->span[1] = a.start < b.start ? b : a;
	}
}

/* Fill the outcome from the table; false if the start of a map may have moved by itself. */
static bool predict_before(const struct vmt_space *space, const struct vmt_change *change,
			   struct vmt_resolution *resolution)
{
	bool meets_holes = !vmt_range_is_empty(change->gone[0]) || change->met_hole;
	bool sure = true;

	for (unsigned i = 0; i < resolution->span_count; i++) {
		struct vmt_map *map = vmt_space_from(space, resolution->span[i].start);

		for (; map && map->vma.start < resolution->span[i].end; map = vmt_space_next(map)) {
			vmt_outcome_append(&resolution->outcome, &map->vma);
			if (map->vma.flags & VMT_MAP_STACK)
				sure = false;
		}
		if (meets_holes && map && (map->vma.flags & VMT_MAP_STACK))
			sure = false;
	}
	return sure && !resolution->outcome.out_of_memory;
}

/* mremap treats each kind of map differently; only private anonymous memory is simple. */
static bool is_one_anonymous_map(const struct vmt_space *space, struct vmt_range range)
{
	struct vmt_map *map = vmt_space_find(space, range.start);

	return map && map->vma.end >= range.end && !(map->vma.flags & VMT_MAP_SHARED) &&
	       !vmt_vma_is_file(&map->vma);
}

void vmt_resolve_file(struct vmt_space *space, struct vmt_change *change,
		      const struct vmt_kernel_ops *kernel)
{
	struct vmt_vma vma = vmt_change_fresh(change);
	int is_ordinary = -1;

	if (!change->is_file || change->is_identified || change->how != VMT_CHANGE_DERIVE)
		return;
	if (space->rules.reasons && kernel->file)
		is_ordinary = kernel->file(kernel->context, change->fd, &vma);
	if (is_ordinary < 0) {
		change->how = VMT_CHANGE_WALK;
		return;
	}
	change->is_identified = true;
	change->inode = vma.inode;
	change->dev = vma.dev;
	change->new_class = vmt_vma_class_of_file(&space->rules, change);
	if (!is_ordinary)
		change->new_class = VMT_CLASS_UNKNOWN;
}

static int derive(struct vmt_space *space, const struct vmt_change *change,
		  const struct vmt_kernel_ops *kernel, struct vmt_resolution *resolution)
{
	if (change->met_hole && !space->rules.reasons)
		return CANNOT_DERIVE; /* the table may not show the hole that the call met */
	if (!vmt_range_is_empty(change->remapped) &&
	    (!space->rules.reasons || !is_one_anonymous_map(space, change->remapped)))
		return CANNOT_DERIVE;
	if (!predict_before(space, change, resolution) ||
	    !vmt_predict_change(space, &resolution->outcome, change))
		return CANNOT_DERIVE;
	return vmt_merge_neighbours(space, &resolution->outcome, change, kernel);
}

static void merge_spans(struct vmt_resolution *resolution)
{
	struct vmt_range *span = resolution->span;

	if (resolution->span_count < 2 || span[0].end < span[1].start)
		return;
	if (span[0].end < span[1].end)
		span[0].end = span[1].end;
	if (span[0].start > span[1].start)
		span[0].start = span[1].start;
	resolution->span_count = 1;
}

static void include_stack(struct vmt_map *map, struct vmt_range *span)
{
	if (!map || !(map->vma.flags & VMT_MAP_STACK))
		return;

	struct vmt_map *below = vmt_space_prev(map);
	uint64_t floor = below ? below->vma.end : 0;

	if (map->vma.end > span->end)
		span->end = map->vma.end;
	if (floor < span->start && map->vma.start >= span->start)
		span->start = floor;
}

/* A stack may have grown since it was last read: learn it along with the whole hole below it. */
static void include_stacks(const struct vmt_space *space, struct vmt_resolution *resolution)
{
	for (unsigned i = 0; i < resolution->span_count; i++) {
		include_stack(vmt_space_from(space, resolution->span[i].start),
			      &resolution->span[i]);
		include_stack(vmt_space_from(space, resolution->span[i].end), &resolution->span[i]);
	}
	merge_spans(resolution);
}

/*
 * After unseen changes, the kernel's maps may extend beyond the maps that the table knows. Returns
 * whether more has to be walked.
 */
static bool widen_spans(const struct vmt_space *space, struct vmt_resolution *resolution)
{
	const struct vmt_outcome *outcome = &resolution->outcome;
	bool is_wider = false;

	for (unsigned i = 0; i < resolution->span_count; i++) {
		struct vmt_range whole = resolution->span[i];

		for (size_t k = vmt_outcome_from(outcome, whole.start); k < outcome->count; k++) {
			const struct vmt_vma *vma = &outcome->map[k].vma;

			if (vma->start >= resolution->span[i].end)
				break;
			whole.start = vma->start < whole.start ? vma->start : whole.start;
			whole.end = vma->end > whole.end ? vma->end : whole.end;
		}
		if (whole.start < resolution->span[i].start ||
		    whole.end > resolution->span[i].end) {
			resolution->span[i] = span_of(space, whole);
			is_wider = true;
		}
	}
	merge_spans(resolution);
	return is_wider;
}

static int walk_once(const struct vmt_kernel_ops *kernel, struct vmt_resolution *resolution)
{
	int ret = 0;

	vmt_outcome_clear(&resolution->outcome);
	for (unsigned i = 0; i < resolution->span_count && ret == 0; i++)
		ret = kernel->walk(kernel->context, resolution->span[i], &resolution->outcome);
	return ret;
}

static bool is_in_spans(const struct vmt_resolution *resolution, const struct vmt_vma *vma)
{
	for (unsigned i = 0; i < resolution->span_count; i++)
		if (vma->start >= resolution->span[i].start && vma->end <= resolution->span[i].end)
			return true;
	return false;
}

/* Maps that changed while they were read may lie outside the spans. */
static void drop_outside(struct vmt_resolution *resolution)
{
	struct vmt_outcome *outcome = &resolution->outcome;
	size_t kept = 0;

	for (size_t i = 0; i < outcome->count; i++)
		if (is_in_spans(resolution, &outcome->map[i].vma))
			outcome->map[kept++] = outcome->map[i];
	outcome->count = kept;
}

/* Other threads may change maps between two questions; all questions are asked again then. */
static int walk(const struct vmt_space *space, const struct vmt_kernel_ops *kernel,
		struct vmt_resolution *resolution)
{
	unsigned tries = 0;
	bool again;

	include_stacks(space, resolution);
	do {
		int ret = walk_once(kernel, resolution);

		if (ret)
			return ret;
		again = resolution->outcome.is_torn && ++tries < WALK_TRIES;
	} while (widen_spans(space, resolution) || again);
	drop_outside(resolution);
	return 0;
}

/* The arguments do not tell the new map's end: it is the end of the map at that address. */
static void complete_fresh(struct vmt_change *change, const struct vmt_resolution *resolution)
{
	const struct vmt_outcome *outcome = &resolution->outcome;

	if (change->fresh.start == 0 || change->fresh.end != 0)
		return;

	size_t index = vmt_outcome_from(outcome, change->fresh.start);

	if (index < outcome->count && outcome->map[index].vma.start == change->fresh.start)
		change->fresh.end = outcome->map[index].vma.end;
	else
		change->fresh.start = 0;
}

/*
 * Growth that did not merge with the map below is a mapping of its own (the first brk of a fork
 * child).
 */
static void complete_grown(struct vmt_change *change, const struct vmt_resolution *resolution)
{
	const struct vmt_outcome *outcome = &resolution->outcome;

	if (vmt_range_is_empty(change->grown))
		return;

	size_t index = vmt_outcome_from(outcome, change->grown.start);

	if (index < outcome->count && outcome->map[index].vma.start == change->grown.start) {
		change->fresh = change->grown;
		change->grown = (struct vmt_range){ 0, 0 };
	}
}

/*
 * Neither the rules nor the kernel give an answer: apply the change to the table, and merge what
 * looks alike.
 */
static void guess(struct vmt_space *space, const struct vmt_change *change,
		  struct vmt_resolution *resolution)
{
	vmt_outcome_clear(&resolution->outcome);
	predict_before(space, change, resolution);
	if (change->failed)
		return;
	vmt_predict_change(space, &resolution->outcome, change);
	vmt_merge_neighbours(space, &resolution->outcome, change, NULL);
}

enum vmt_resolved vmt_resolve(struct vmt_space *space, struct vmt_change *change,
			      const struct vmt_kernel_ops *kernel,
			      struct vmt_resolution *resolution)
{
	int resolved = CANNOT_DERIVE;

	vmt_outcome_clear(&resolution->outcome);
	resolution->outcome.expected = space->count;
	set_spans(space, change, resolution);
	vmt_resolve_file(space, change, kernel);
	if (change->how == VMT_CHANGE_DERIVE)
		resolved = derive(space, change, kernel, resolution);
	if (resolved == CANNOT_DERIVE) {
		resolved = VMT_RESOLVED_ASKED;
		if (walk(space, kernel, resolution)) {
			guess(space, change, resolution);
			resolved = VMT_RESOLVED_GUESSED;
		} else {
			vmt_merge_rules_recall(space, &resolution->outcome, change);
		}
	}
	complete_fresh(change, resolution);
	complete_grown(change, resolution);
	vmt_merge_rules_settle(&resolution->outcome, change);
	return (enum vmt_resolved)resolved;
}
