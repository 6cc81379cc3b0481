/* SPDX-License-Identifier: MIT */
/*
 * How fast the lows of a curve rise. The median of the slopes between each two of them (Theil and
 * Sen) is little moved by a low that load, or a cache that was not freed, keeps too high. Pure.
 */
#ifndef VMT_SLOPE_H
#define VMT_SLOPE_H

#include "core/base/base.h"

#define VMT_SLOPE_POINTS 8u

struct vmt_slope_point {
	uint64_t at; /* in ascending order; at and low below 2^31, or the slope is not measured */
	uint64_t low;
};

struct vmt_slope {
	uint64_t rise; /* not 0 */
	uint64_t span; /* not 0; in the unit of `at` */
	bool is_rough; /* the middle half of the slopes differ by more than a quarter of their median */
};

/* Returns false, and changes nothing, if there are too few or too many points, or they do not rise. */
bool vmt_slope_of(const struct vmt_slope_point *points, uint32_t count,
		  struct vmt_slope *ret_slope);

#endif
