/* SPDX-License-Identifier: MIT */
/*
 * A program may walk over everything that it finds in /proc/self/maps, and unmap it, protect it,
 * keep it out of fork children, or drop its pages. The library's own memory is left out of such
 * calls. It may also unmap or move the vdso, which the library asks for the time.
 */
#ifndef VMT_SPARE_H
#define VMT_SPARE_H

#include "state/state.h"

/*
 * Would this call take away memory of the library's, now or in fork children? If it concerns the
 * vdso, that is not used any more.
 */
bool vmt_spare_is_due(const struct vmt_state *state, enum vmt_call_id id, const long args[6]);

/* What of the library's lies where a call would put memory for the program to use? */
enum vmt_spare_place {
	VMT_SPARE_OTHERS, /* nothing, or what can be left out of the call */
	VMT_SPARE_DATA, /* data: tracing ends before */
	VMT_SPARE_CODE, /* code, which would have to return from the call: it must fail */
};

/* For mmap, mremap and shmat that may put memory over what is there. */
enum vmt_spare_place vmt_spare_place(const struct vmt_state *state, enum vmt_call_id id,
				     const long args[6]);

void vmt_spare_open(struct vmt_state *state);

/*
 * Make the call for the memory around the library's. Returns the kernel's result: that of the last
 * call that failed, if one did.
 */
long vmt_spare_make(const struct vmt_state *state, long nr, const long args[6],
		    const struct vmt_regs *regs);

#endif
