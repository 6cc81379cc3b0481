/* SPDX-License-Identifier: MIT */
/* Which stubs of gate.S are in use, and for which call site. Stubs are allocated without a lock. */
#ifndef VMT_STUBS_H
#define VMT_STUBS_H

#include "patch/code.h"
#include "patch/writing.h"

/*
 * Take one of the stubs [first, first + count) for a site that continues at addr. Returns its
 * index, or -ENOSPC if none is free.
 */
int vmt_stubs_take(int first, int count, uint32_t nr, uint64_t addr);
void vmt_stubs_give_back(int stub);

/*
 * Take a stub for a site with plain instructions after its mov, and write them into its entry. The
 * entries have a page of this library's text to themselves; where that has to be made writable,
 * there must be no other thread. Returns the stub's index or -errno. Such a stub is never given
 * back.
 */
int vmt_stubs_take_moved(const struct vmt_writing *writing, const struct vmt_code_site *site);

/* Returns the address that a jump to the stub has to lead to. */
uint64_t vmt_stubs_address(int stub);

/*
 * Text in [start, end) was unmapped or replaced: its stubs can be reused. Under the same lock as
 * vmt_patch_scan(). A thread that is still in such a stub has nowhere to return to, but neither
 * would it have without this library. Makes system calls of its own, so not under a seccomp filter.
 */
void vmt_stubs_forget(uint64_t start, uint64_t end);

#endif
