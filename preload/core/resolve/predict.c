/* SPDX-License-Identifier: MIT */
/*
 * A call's effect on a sketch of the maps before it: what goes, comes, moves and changes. Every
 * cut is drawn and no merge; merge.c decides over those.
 */
#include "core/resolve/predict.h"

#include "core/vma/merge_rules.h"

/* What lies in range is cut out and altered, but for what the call leaves as it is. */
static void draw_altered(struct vmt_sketch *sketch, struct vmt_range range,
			 const struct vmt_change *change, bool reasons)
{
	size_t i = vmt_sketch_from(sketch, range.start);

	for (; i < sketch->count && sketch->map[i].look.start < range.end; i++) {
		if (reasons && vmt_known_keeps(&sketch->map[i].look, change))
			continue;
		if (sketch->map[i].look.start < range.start) {
			vmt_sketch_cut(sketch, range.start);	/* the next one is in the range */
			continue;
		}
		if (sketch->map[i].look.end > range.end)
			vmt_sketch_cut(sketch, range.end);
		vmt_known_alter(&sketch->map[i].look, change);
	}
}

static bool draw_new(struct vmt_sketch *sketch, struct vmt_look *look)
{
	if (vmt_sketch_touches(sketch, (struct vmt_range){ look->start, look->end }))
		return false;	/* something is there that no call explains */
	look->flags |= VMT_MAP_CHANGED;
	vmt_sketch_insert(sketch, look);
	return true;
}

/* What is mapped in range, drawn again at `to`; the original goes if it moves. */
static void draw_shifted(struct vmt_sketch *sketch, struct vmt_range range, uint64_t to, bool moves)
{
	for (uint64_t at = range.start; at < range.end;) {
		size_t i = vmt_sketch_from(sketch, at);

		if (i == sketch->count || sketch->map[i].look.start >= range.end)
			break;

		struct vmt_look look = sketch->map[i].look;
		uint64_t start = look.start < range.start ? range.start : look.start;
		uint64_t end = look.end > range.end ? range.end : look.end;

		vmt_look_cut_front(&look, start);
		look.start = start - range.start + to;
		look.end = end - range.start + to;
		if (VMT_FAULT != 30)
			look.kin = VMT_KIN_UNKNOWN;	/* its page offset may be the old or a new one */
		if (moves)
			vmt_sketch_remove(sketch, (struct vmt_range){ start, end });
		vmt_sketch_insert(sketch, &look);
		at = end;
	}
}

/* kernel: who knows which file fd is; NULL: nobody does. */
static bool draw_fresh(struct vmt_space *space, struct vmt_sketch *sketch,
		       const struct vmt_change *change, const struct vmt_kernel_ops *kernel)
{
	struct vmt_look look = {
		.start = change->fresh.start,
		.end = change->fresh.end,
		.offset = change->offset,
		.flags = change->flags,
	};

	if (vmt_range_is_empty(change->fresh))
		return true;
	if (!vmt_range_is_empty(change->copied)) {
		draw_shifted(sketch, change->copied, change->fresh.start, false);
		return true;
	}
	look.kin = change->is_file ? vmt_kin_of_file(space, change) :
				      vmt_kin_born(space, change->born);
	if (change->is_file && kernel) {
		int is_ordinary = kernel->file(kernel->context, change->fd, &look);

		if (is_ordinary < 0)
			return false;
		if (!is_ordinary)
			look.kin = VMT_KIN_UNKNOWN;
	}
	return draw_new(sketch, &look);
}

/* mremap makes the map longer; brk's new memory is joined to it, or not, like any other. */
static bool draw_grown(struct vmt_space *space, struct vmt_sketch *sketch,
		       const struct vmt_change *change)
{
	struct vmt_look look = {
		.start = change->grown.start,
		.end = change->grown.end,
		.flags = change->flags,
	};

	if (vmt_range_is_empty(change->grown))
		return true;
	if (change->flags) {
		look.kin = vmt_kin_born(space, change->born);
		return draw_new(sketch, &look);
	}

	size_t below = vmt_sketch_from(sketch, change->grown.start - 1);

	if (below == sketch->count || vmt_sketch_touches(sketch, change->grown))
		return false;
	sketch->map[below].look.end = change->grown.end;
	return true;
}

/* At a hole mprotect stops. If it begins there nothing is changed; otherwise the reason may be
 * another one, a map in front of the hole that could not be split. */
static bool draw_protected(struct vmt_sketch *sketch, const struct vmt_change *change, bool reasons)
{
	const struct vmt_range first = { change->protect.start,
					 change->protect.start + VMT_PAGE_SIZE };

	if (vmt_range_is_empty(change->protect))
		return true;
	if (change->met_hole)
		return !vmt_sketch_touches(sketch, first);
	if (!vmt_sketch_covers(sketch, change->protect))
		return false;
	draw_altered(sketch, change->protect, change, reasons);
	return true;
}

/* madvise passes over holes; ENOMEM is what it says of them, and of nothing else (mm/madvise.c). */
static bool draw_advised(struct vmt_sketch *sketch, const struct vmt_change *change, bool reasons)
{
	if (vmt_range_is_empty(change->advise))
		return true;
	if (vmt_sketch_covers(sketch, change->advise) == change->met_hole)
		return false;
	draw_altered(sketch, change->advise, change, reasons);
	return true;
}

static bool draw_change(struct vmt_space *space, struct vmt_sketch *sketch,
			const struct vmt_change *change, const struct vmt_kernel_ops *kernel)
{
	vmt_sketch_remove(sketch, change->gone[0]);
	vmt_sketch_remove(sketch, change->gone[1]);
	draw_shifted(sketch, change->from, change->to, true);
	if (!draw_fresh(space, sketch, change, kernel) || !draw_grown(space, sketch, change))
		return false;
	if (!draw_protected(sketch, change, space->reasons) ||
	    !draw_advised(sketch, change, space->reasons))
		return false;
	return !sketch->out_of_memory;
}

bool vmt_draw_change(struct vmt_space *space, struct vmt_sketch *sketch,
		     const struct vmt_change *change, const struct vmt_kernel_ops *kernel)
{
	bool is_drawn;

	sketch->last_tie = space->last_tie;
	is_drawn = draw_change(space, sketch, change, kernel);
	space->last_tie = sketch->last_tie;
	return is_drawn;
}
