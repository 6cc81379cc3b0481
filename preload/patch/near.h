/* SPDX-License-Identifier: MIT */
/*
 * Jumps that lead further than a five-byte jump can. The main program lies far away from all
 * libraries; where it makes system calls itself, it jumps to a page close by, which leads on to
 * this library. Must not be used once the program has threads.
 */
#ifndef VMT_NEAR_H
#define VMT_NEAR_H

#include "core/base/base.h"
#include "patch/writing.h"

/* From now on such a page is made when one is needed. */
void vmt_near_open(void);

/* Make no such page from now on. Returns the page, or an empty range if none was needed. */
struct vmt_range vmt_near_close(void);

/*
 * Write a jump at addr that leads to target, by way of the page if target is too far. Returns 0,
 * -ERANGE (too far, and there is no page or no room in it) or -errno.
 */
int vmt_near_lead(const struct vmt_writing *writing, uint64_t addr, uint64_t target);

#endif
