/* SPDX-License-Identifier: MIT */
/*
 * The part of a run that is judged: between two marks made by the program (vmatrace_mark), or from
 * the start to the end. Reads the view and prints nothing.
 */
#ifndef VMT_PHASE_H
#define VMT_PHASE_H

#include "core/recording/view.h"

struct vmt_phase {
	const char *from; /* a mark's name; NULL = the start */
	const char *to; /* NULL = the end */
	uint64_t warmup; /* how many marks named `from` are skipped */
};

/* The position of the phase in one recording. */
struct vmt_phase_bounds {
	uint32_t from; /* the mark's epoch; 0 = the start */
	uint32_t to; /* 0 = the end */
	uint64_t maps_from;
	uint64_t maps_to;
};

/*
 * Find the (warmup + 1)th mark `from`, and the last mark `to` after it. Returns 0, -ENOENT if there
 * is no such mark at all, -ERANGE if it is not there often or late enough, -ENOSPC if the recording
 * had no room for the values of sites at its marks.
 */
VMT_MUST_CHECK int vmt_phase_find(const struct vmt_view *view, const struct vmt_phase *phase,
				  struct vmt_phase_bounds *ret_bounds);

/* What happened from each mark of one name to the mark behind it, whatever its name, or to the end. */
struct vmt_phase_sum {
	struct vmt_view_string name;
	uint64_t times;
	int64_t growth; /* maps */
};

/*
 * Fill in the names that grew most, the first ones if they grew alike, and at most `most` of them. maps_end:
 * what there were at the end; if marks were lost, nothing is known of what came after the last one. Returns how
 * many names there are; without memory, 0.
 */
size_t vmt_phase_sum(const struct vmt_view *view, uint64_t maps_end, struct vmt_phase_sum *ret_sums,
		     size_t most);

/* Did the recording run out of room for values at marks? They would have to be guessed. */
bool vmt_phase_has_lost_values(const struct vmt_view *view);

/* Turn live[0, count) from what is live now into what was live at the mark. */
void vmt_phase_rewind(const struct vmt_view *view, uint32_t epoch, uint64_t *live, uint64_t count);

#endif
