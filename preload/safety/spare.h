/* SPDX-License-Identifier: MIT */
/*
 * A program may walk over everything that it finds in /proc/self/maps, and unmap it, protect it,
 * keep it out of fork children, or drop its pages. The library's own memory is left out of such
 * calls. It may also unmap or move the vdso, which the library asks for the time.
 */
#ifndef VMT_SPARE_H
#define VMT_SPARE_H

#include <sys/mman.h>

#include "state/state.h"

/*
 * Would this call take away memory of the library's, now or in fork children? If it concerns the
 * vdso, that is not used any more.
 */
bool vmt_spare_is_due_for(const struct vmt_state *state, enum vmt_call_id id, const long args[6]);

static inline bool vmt_spare_is_due(const struct vmt_state *state, enum vmt_call_id id,
				    const long args[6])
{
	uint64_t start = (uint64_t)args[0];
	uint64_t end = start + (uint64_t)args[1];

	if (VMT_LIKELY(end <= state->own_hull.bounds.start))
		return false;
	if (VMT_LIKELY(end <= state->image.vdso_from &&
		       (start >= state->own_hull.bounds.end ||
			(start >= state->own_hull.gap.start && end <= state->own_hull.gap.end))))
		return false;
	return vmt_spare_is_due_for(state, id, args);
}

/* Would this call put the program's memory, to be used, where the library's data are? */
bool vmt_spare_is_lost_to(const struct vmt_state *state, enum vmt_call_id id, const long args[6]);

static inline bool vmt_spare_is_lost(const struct vmt_state *state, enum vmt_call_id id,
				     const long args[6])
{
	return VMT_UNLIKELY((id == VMT_CALL_MMAP && (args[3] & MAP_FIXED)) ||
			    (id == VMT_CALL_MREMAP && (args[3] & MREMAP_FIXED))) &&
	       vmt_spare_is_lost_to(state, id, args);
}

void vmt_spare_open(struct vmt_state *state);

/*
 * Make the call for the memory around the library's. Returns the kernel's result: that of the last
 * call that failed, if one did.
 */
long vmt_spare_make(const struct vmt_state *state, long nr, const long args[6],
		    const struct vmt_regs *regs);

#endif
