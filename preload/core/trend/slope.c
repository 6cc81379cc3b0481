/* SPDX-License-Identifier: MIT */
/* The median of the slopes between each two points, without floating point. See slope.h. */
#include "core/trend/slope.h"

#define PAIRS (VMT_SLOPE_POINTS * (VMT_SLOPE_POINTS - 1) / 2)
#define MOST  (UINT64_C(1) << 31)

struct pair {
	int64_t rise;
	int64_t span; /* > 0 */
};

static bool is_less(struct pair a, struct pair b)
{
	return a.rise * b.span < b.rise * a.span;
}

static void insert(struct pair *pairs, uint32_t used, struct pair pair)
{
	for (; used && is_less(pair, pairs[used - 1]); used--)
		pairs[used] = pairs[used - 1];
	pairs[used] = pair;
}

/* Fills `pairs`, the least slope first. Returns how many there are. */
static uint32_t sort_pairs(const struct vmt_slope_point *points, uint32_t count, struct pair *pairs)
{
	uint32_t used = 0;

	for (uint32_t i = 0; i < count; i++) {
		for (uint32_t k = i + 1; k < count; k++) {
			if (points[k].at <= points[i].at || points[k].at >= MOST ||
			    points[i].low >= MOST || points[k].low >= MOST)
				continue;
			insert(pairs, used++,
			       (struct pair){ (int64_t)points[k].low - (int64_t)points[i].low,
					      (int64_t)(points[k].at - points[i].at) });
		}
	}
	return used;
}

/* Is b - a > c / 4? In maps for the span of c, so that no product is too large. */
static bool is_apart(struct pair a, struct pair b, struct pair c)
{
	int64_t low = a.rise * c.span / a.span, high = b.rise * c.span / b.span;

	return high - low > c.rise / 4;
}

bool vmt_slope_of(const struct vmt_slope_point *points, uint32_t count, struct vmt_slope *ret_slope)
{
	struct pair pairs[PAIRS], median;
	uint32_t used;

	if (count > VMT_SLOPE_POINTS)
		return false;
	used = sort_pairs(points, count, pairs);
	if (!used)
		return false;
	median = pairs[used / 2];
	if (median.rise <= 0)
		return false;
	*ret_slope = (struct vmt_slope){
		.rise = (uint64_t)median.rise,
		.span = (uint64_t)median.span,
		.is_rough = is_apart(pairs[used / 4], pairs[used - 1 - used / 4], median),
	};
	return true;
}
