/* SPDX-License-Identifier: MIT */
/*
 * A function that many parts of a program call, such as one that wraps mmap, says little: this finds
 * the caller through which nearly all of it came, if there is one.
 */
#ifndef VMT_CALLERS_H
#define VMT_CALLERS_H

#include "core/recording/view.h"
#include "symbols/symbols.h"

struct vmt_callers {
	const struct vmt_view *view;
	struct vmt_symbols *symbols;
	const uint32_t *place; /* the place of each site; NULL: each has its own */
	const uint64_t *weight; /* of each site, such as its live maps */
	uint32_t sites;
};

/*
 * Where the stacks of a place's sites first part, does one function of the project's own have at
 * least 90 % of the weight? Then write " called by grow src/pool.c:40", or " through grow …" if it is one
 * that the place was inlined into; otherwise "", also if all stacks are alike. If the stacks through it
 * part again, and others keep a much smaller part of what they made, it is the one further out. Returns
 * how many percent of the weight it has.
 */
unsigned vmt_callers_describe(const struct vmt_callers *callers, uint32_t place, char *text,
			      size_t size);

/*
 * If no function has so much, write the two that have most, " 58 % called by grow src/pool.c:40 and 42 % by
 * fill src/cache.c:9"; "" if there are no two.
 */
void vmt_callers_describe_two(const struct vmt_callers *callers, uint32_t place, char *text,
			      size_t size);

#endif
