/* SPDX-License-Identifier: MIT */
/* The allocators of a recording as lines of the report. */
#ifndef VMT_ALLOCATORS_TEXT_H
#define VMT_ALLOCATORS_TEXT_H

#include "explain/allocators.h"
#include "util/lines.h"

/* Adds at most two lines, or none if nothing is known; with verbose, a line for each allocator. */
void vmt_allocators_lines(struct vmt_lines *lines, const struct vmt_allocators *allocators,
			  bool verbose);

#endif
