/* SPDX-License-Identifier: MIT */
/* The order in which merged values are shown, in text and JSON alike. The caller frees the arrays. */
#ifndef VMT_COMBINE_ORDER_H
#define VMT_COMBINE_ORDER_H

#include "combine/combine.h"

/* Returns the maps of all recordings, or their peaks, in ascending order. */
uint64_t *vmt_combine_sorted(const struct vmt_combine_program *program, bool is_peak);

/* The middle of count sorted values: of an even number, the mean of the two in the middle. */
uint64_t vmt_combine_median(const uint64_t *sorted, size_t count);

/* The least of count sorted values that nine in ten of them, or more, do not exceed. */
uint64_t vmt_combine_p90(const uint64_t *sorted, size_t count);

/* Returns all call sites, beginning with those that had the most maps at the peaks. */
const struct vmt_combine_site **vmt_combine_sites(const struct vmt_combine_program *program);

#endif
