/* SPDX-License-Identifier: MIT */
/*
 * A program may advise the kernel about every map that it finds in /proc/self/maps: not to be there
 * in fork children, or to lose its pages. The library's own are left out of that.
 */
#ifndef VMT_SPARE_H
#define VMT_SPARE_H

#include "state/state.h"

/* Would this madvise take memory of the library's away, now or in fork children? */
bool vmt_spare_is_due(const struct vmt_state *state, const long args[6]);

/*
 * Make it for what lies around that memory. The kernel's result: the last failure, if there was
 * one.
 */
long vmt_spare_make(const struct vmt_state *state, const long args[6], const struct vmt_regs *regs);

#endif
