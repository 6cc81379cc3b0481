/* SPDX-License-Identifier: MIT */
/*
 * Applies a call to an outcome that holds the maps before it: what goes, comes, moves and changes.
 * All cuts are made here but no merges, on which merge.c decides.
 */
#include "core/resolve/predict.h"

#include "core/vma/merge_rules.h"

/*
 * Cut out the part of the maps in range and alter it, except for maps that the call leaves alone.
 */
static void predict_altered(struct vmt_outcome *outcome, struct vmt_range range,
			    const struct vmt_change *change, bool reasons)
{
	size_t i = vmt_outcome_from(outcome, range.start);

	for (; i < outcome->count && outcome->map[i].vma.start < range.end; i++) {
		if (reasons && vmt_merge_rules_keeps(&outcome->map[i].vma, change))
			continue;
		if (outcome->map[i].vma.start < range.start) {
			/* the next map starts in the range */
			vmt_outcome_cut(outcome, range.start);
			continue;
		}
		if (outcome->map[i].vma.end > range.end)
			vmt_outcome_cut(outcome, range.end);
		vmt_merge_rules_alter(&outcome->map[i].vma, change);
	}
}

static bool predict_new(struct vmt_outcome *outcome, struct vmt_vma *vma)
{
	if (vmt_outcome_touches(outcome, (struct vmt_range){ vma->start, vma->end }))
		return false; /* a map is there that no call explains */
	vma->flags |= VMT_MAP_CHANGED;
	vmt_outcome_insert(outcome, vma);
	return true;
}

/* Copy the maps in range to `to`; remove the originals if they move. */
static void predict_shifted(struct vmt_outcome *outcome, struct vmt_range range, uint64_t to,
			    bool moves)
{
	for (uint64_t at = range.start; at < range.end;) {
		size_t i = vmt_outcome_from(outcome, at);

		if (i == outcome->count || outcome->map[i].vma.start >= range.end)
			break;

		struct vmt_vma vma = outcome->map[i].vma;
		uint64_t start = vma.start < range.start ? range.start : vma.start;
		uint64_t end = vma.end > range.end ? range.end : vma.end;

		vmt_vma_cut_front(&vma, start);
		vma.start = start - range.start + to;
		vma.end = end - range.start + to;
		/* the page offset may be the old one or a new one */
		vma.vma_class = VMT_CLASS_UNKNOWN;
		if (moves)
			vmt_outcome_remove(outcome, (struct vmt_range){ start, end });
		vmt_outcome_insert(outcome, &vma);
		at = end;
	}
}

static bool predict_fresh(struct vmt_space *space, struct vmt_outcome *outcome,
			  const struct vmt_change *change)
{
	struct vmt_vma vma = vmt_change_fresh(change);

	if (vmt_range_is_empty(change->fresh))
		return true;
	if (!vmt_range_is_empty(change->copied)) {
		predict_shifted(outcome, change->copied, change->fresh.start, false);
		return true;
	}
	vma.vma_class = change->is_file && !change->is_identified ?
				vmt_vma_class_of_file(&space->rules, change) :
				vmt_vma_class_of_new(&space->rules, change->new_class);
	return predict_new(outcome, &vma);
}

/*
 * mremap makes its map longer. brk's new memory merges with the old, or does not, like any other.
 */
static bool predict_grown(struct vmt_space *space, struct vmt_outcome *outcome,
			  const struct vmt_change *change)
{
	struct vmt_vma vma = {
		.start = change->grown.start,
		.end = change->grown.end,
		.flags = change->flags,
	};

	if (vmt_range_is_empty(change->grown))
		return true;
	if (change->flags) {
		vma.vma_class = vmt_vma_class_of_new(&space->rules, change->new_class);
		return predict_new(outcome, &vma);
	}

	size_t below = vmt_outcome_from(outcome, change->grown.start - 1);

	if (below == outcome->count || vmt_outcome_touches(outcome, change->grown))
		return false;
	outcome->map[below].vma.end = change->grown.end;
	return true;
}

/*
 * mprotect stops at a hole. If the range begins with the hole, nothing has changed. Otherwise the
 * call may have failed for another reason: a map before the hole could not be split.
 */
static bool predict_protected(struct vmt_outcome *outcome, const struct vmt_change *change,
			      bool reasons)
{
	const struct vmt_range first = { change->protect.start,
					 change->protect.start + VMT_PAGE_SIZE };

	if (vmt_range_is_empty(change->protect))
		return true;
	if (change->met_hole)
		return !vmt_outcome_touches(outcome, first);
	if (!vmt_outcome_covers(outcome, change->protect))
		return false;
	predict_altered(outcome, change->protect, change, reasons);
	return true;
}

/* madvise skips holes, and returns ENOMEM for them and for nothing else (mm/madvise.c). */
static bool predict_advised(struct vmt_outcome *outcome, const struct vmt_change *change,
			    bool reasons)
{
	if (vmt_range_is_empty(change->advise))
		return true;
	if (vmt_outcome_covers(outcome, change->advise) == change->met_hole)
		return false;
	predict_altered(outcome, change->advise, change, reasons);
	return true;
}

static bool predict_steps(struct vmt_space *space, struct vmt_outcome *outcome,
			  const struct vmt_change *change)
{
	vmt_outcome_remove(outcome, change->gone[0]);
	vmt_outcome_remove(outcome, change->gone[1]);
	predict_shifted(outcome, change->from, change->to, true);
	if (!predict_fresh(space, outcome, change) || !predict_grown(space, outcome, change))
		return false;
	if (!predict_protected(outcome, change, space->rules.reasons) ||
	    !predict_advised(outcome, change, space->rules.reasons))
		return false;
	return !outcome->out_of_memory;
}

bool vmt_predict_change(struct vmt_space *space, struct vmt_outcome *outcome,
			const struct vmt_change *change)
{
	bool is_predicted;

	/* numbers of cuts are given out by the outcome, and go on from those of the table */
	outcome->last_anon_cut = space->rules.last_anon_cut;
	is_predicted = predict_steps(space, outcome, change);
	space->rules.last_anon_cut = outcome->last_anon_cut;
	return is_predicted;
}
