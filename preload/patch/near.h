/* SPDX-License-Identifier: MIT */
/*
 * Jumps that lead further than a jump of five bytes can: the main program lies far from all
 * libraries, and where it makes system calls itself, it leaps to a page close by, which leads on to
 * this library. Not for use once the program has threads.
 */
#ifndef VMT_NEAR_H
#define VMT_NEAR_H

#include "core/base/base.h"
#include "patch/writing.h"

/* From now on such a page is made where one is needed. */
void vmt_near_open(void);

/* No more from now on. Returns the page; an empty range if none was needed. */
struct vmt_range vmt_near_close(void);

/*
 * Write a jump at addr that leads to target; by way of the page if that is too far. Returns 0,
 * -ERANGE (too far, and no page can be had, or its room is used up) or -errno.
 */
int vmt_near_lead(const struct vmt_writing *writing, uint64_t addr, uint64_t target);

#endif
