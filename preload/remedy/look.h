/* SPDX-License-Identifier: MIT */
/* What remedies must know of the memory before they change a call. Used by remedy.c alone. */
#ifndef VMT_REMEDY_LOOK_H
#define VMT_REMEDY_LOOK_H

#include "core/base/base.h"

/* A map of private memory without a file. */
struct vmt_look {
	uint64_t start;
	uint64_t end;
	uint32_t prot; /* PROT_* */
};

/* The map that addr lies in, if it is private memory without a file and the kernel tells (6.11). */
bool vmt_look_at(uint64_t addr, struct vmt_look *ret_look);

/*
 * Is it certain that nothing but zeroes can be read in the range? False where the kernel does not
 * tell (6.7).
 */
bool vmt_look_is_untouched(struct vmt_range range);

#endif
