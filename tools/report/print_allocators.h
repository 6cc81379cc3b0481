/* SPDX-License-Identifier: MIT */
/* The allocators of a recording as lines of the report. */
#ifndef VMT_PRINT_ALLOCATORS_H
#define VMT_PRINT_ALLOCATORS_H

#include "explain/allocators.h"
#include "util/lines.h"

/* Adds at most two lines, or none if nothing is known; with verbose, a line for each allocator. */
void vmt_print_allocators(struct vmt_lines *lines, const struct vmt_allocators *allocators,
			  bool verbose);

#endif
