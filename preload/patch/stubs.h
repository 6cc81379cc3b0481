/* SPDX-License-Identifier: MIT */
/*
 * Which stubs of gate.S are in use, and for which call site. Handed out without a lock.
 */
#ifndef VMT_STUBS_H
#define VMT_STUBS_H

#include "patch/code.h"

/*
 * Of stubs [first, first + count) take one for the site that goes on at addr. -ENOSPC: none is
 * free.
 */
int vmt_stubs_take(int first, int count, uint32_t nr, uint64_t addr);
void vmt_stubs_give_back(int stub);

/*
 * Take one for a site with plain instructions behind its mov, and write them into it: into this
 * library's own text, so through mem. Returns its index or -errno. It is not given back.
 */
int vmt_stubs_take_moved(int mem, const struct vmt_code_site *site);

/* Where a jump to it goes. */
uint64_t vmt_stubs_address(int stub);

/*
 * Text in [start, end) was unmapped, or replaced: its stubs may serve others. Under the same lock
 * as vmt_patch_scan. A thread that is still within such a stub has nowhere to go back to, nor would
 * it have without us. Makes system calls of its own, so not under a seccomp filter.
 */
void vmt_stubs_forget(uint64_t start, uint64_t end);

#endif
