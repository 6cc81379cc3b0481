/* SPDX-License-Identifier: MIT */
/*
 * The part of a run that is judged: between two marks which the program made
 * (vmatrace_mark), or from the start to the end. Reads the view, prints nothing.
 */
#ifndef VMT_PHASE_H
#define VMT_PHASE_H

#include "core/recording/view.h"

struct vmt_phase {
	const char *from; /* name of a mark; NULL = the start */
	const char *to; /* NULL = the end */
	uint64_t warmup; /* marks named `from` to pass over */
};

/* Where the phase lies in one recording. */
struct vmt_phase_bounds {
	uint32_t from; /* epoch of the mark, 0 = the start */
	uint32_t to; /* 0 = the end */
	uint64_t maps_from;
	uint64_t maps_to;
};

/*
 * The (warmup + 1)th mark `from`, and the last mark `to` after it. Returns 0, -ENOENT when a
 * mark is not there at all, -ERANGE when it is there but not often or late enough,
 * -ENOSPC when the recording had no room for what sites were at its marks.
 */
VMT_MUST_CHECK int vmt_phase_find(const struct vmt_view *view, const struct vmt_phase *phase,
				  struct vmt_phase_bounds *ret_bounds);

/* A full recording has lost some of what sites were at marks: it would be guessed. */
bool vmt_phase_has_lost_values(const struct vmt_view *view);

/* live[0, count): what totals says is live now becomes what was live at the mark. */
void vmt_phase_rewind(const struct vmt_view *view, uint32_t epoch, uint64_t *live, uint64_t count);

#endif
