/* SPDX-License-Identifier: MIT */
/* A count of maps over time, in buckets of equal width. */
#ifndef VMT_CURVE_H
#define VMT_CURVE_H

#include "core/base/base.h"

#define VMT_CURVE_WINDOWS     8u /* parts of the run that are compared */
#define VMT_CURVE_BUCKETS_MAX 65536u

#define VMT_TREND_SMALL  16u /* maps; less growth than this is not mentioned */
#define VMT_TREND_RIPPLE 4u /* maps that come and go */

struct vmt_curve_bucket {
	uint64_t min;
	uint64_t max;
	uint64_t last;
	uint64_t calls; /* how many were made in it; 0: not known */
};

/* The timeline to judge. bucket() returns false for a bucket without a call. */
struct vmt_curve_source {
	bool (*bucket)(const void *context, uint64_t index, struct vmt_curve_bucket *ret_bucket);
	const void *context;
	uint64_t buckets; /* at most VMT_CURVE_BUCKETS_MAX */
	uint64_t width; /* width of a bucket, ns; not 0 */
	uint64_t duration; /* duration of the run, ns */
	uint64_t start;
	uint64_t now;
	uint64_t peak;
};

#endif
