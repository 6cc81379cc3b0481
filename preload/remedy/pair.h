/* SPDX-License-Identifier: MIT */
/*
 * Small pieces of memory are given back by two calls: madvise(MADV_DONTNEED) and
 * mprotect(PROT_NONE), in one order or the other. This remembers the first of the two until the
 * second is made. Used only by remedy.c, from any thread and signal handler.
 */
#ifndef VMT_REMEDY_PAIR_H
#define VMT_REMEDY_PAIR_H

#include "core/base/base.h"

/* A larger range is not remembered: what is this small may be a guard. */
#define VMT_PAIR_MOST (4 * VMT_PAGE_SIZE)

enum vmt_pair { VMT_PAIR_GIVEN_BACK = 1, VMT_PAIR_CLOSED = 2 };

/* Remember the first call. It is forgotten if many others follow. */
void vmt_pair_note(struct vmt_range range, enum vmt_pair first);

/* Was this the first call for exactly this range? It is true only once for each call. */
bool vmt_pair_take(struct vmt_range range, enum vmt_pair first);

#endif
