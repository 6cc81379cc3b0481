/* SPDX-License-Identifier: MIT */
/*
 * Ranges that were mapped without access, until a part of them is opened. Two that touch are one map, so the
 * kernel does not tell where one begins, and the other may be another thread's. Used only by remedy.c, from any
 * thread and signal handler.
 */
#ifndef VMT_REMEDY_RESERVE_H
#define VMT_REMEDY_RESERVE_H

#include "core/base/base.h"

/* The range was mapped without access. It is forgotten if many others follow. */
void vmt_reserve_note(struct vmt_range range);

/*
 * A range that begins here is unmapped. One of which only another part is unmapped, or moved, stays; it is told
 * by its maps then.
 */
void vmt_reserve_forget(uint64_t start);

/*
 * Find the range that this part is opened of, with at most `most` bytes on either side. It is found only once.
 */
bool vmt_reserve_take(struct vmt_range part, uint64_t most, struct vmt_range *ret_range);

#endif
