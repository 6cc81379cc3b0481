/* SPDX-License-Identifier: MIT */
/*
 * Calls of munmap that gave nothing back, beside a leak: they failed, or unmapped less than was mapped. Used by
 * the line "leak" of the report.
 */
#ifndef VMT_LEAK_UNMAP_H
#define VMT_LEAK_UNMAP_H

#include "explain/explain_record.h"

struct vmt_leak_unmap {
	uint32_t site; /* one of the place's */
	uint64_t calls; /* of the place; 0 = none are worth telling */
};

/*
 * Find the place outside of libc and allocators, which cut off what they mapped too much, with most calls of
 * munmap that failed, and the one with most that succeeded without an effect on the number of maps. Those are told
 * that could explain most of the `left` maps of a leak.
 */
void vmt_leak_unmap(const struct vmt_explain_record *record, uint64_t left,
		    struct vmt_leak_unmap *ret_failed, struct vmt_leak_unmap *ret_idle);

#endif
