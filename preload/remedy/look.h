/* SPDX-License-Identifier: MIT */
/* What a remedy must know of the memory before it replaces a call. Used only by remedy.c. */
#ifndef VMT_REMEDY_LOOK_H
#define VMT_REMEDY_LOOK_H

#include "core/base/base.h"

/* A map of private memory without a file. */
struct vmt_look {
	uint64_t start;
	uint64_t end;
	uint32_t prot; /* PROT_* */
};

/*
 * Find the map that contains addr. Returns false if it is not private memory without a file, or if
 * the kernel cannot be asked (before Linux 6.11).
 */
bool vmt_look_at(uint64_t addr, struct vmt_look *ret_look);

/*
 * Is it certain that only zeroes can be read in the range? False where the kernel cannot be asked
 * (before Linux 6.7).
 */
bool vmt_look_is_untouched(struct vmt_range range);

#endif
