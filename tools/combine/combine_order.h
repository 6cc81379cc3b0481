/* SPDX-License-Identifier: MIT */
/* The order in which merged values are shown, in text and JSON alike. The caller frees the arrays. */
#ifndef VMT_COMBINE_ORDER_H
#define VMT_COMBINE_ORDER_H

#include "combine/combine.h"

/* Returns the maps of all recordings, or their peaks, in ascending order. */
uint64_t *vmt_combine_sorted(const struct vmt_combine_program *program, bool is_peak);

/* Returns all call sites, beginning with those that had the most maps at the peaks. */
const struct vmt_combine_site **vmt_combine_sites(const struct vmt_combine_program *program);

#endif
