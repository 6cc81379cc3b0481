/* SPDX-License-Identifier: MIT */
/* What two passes over a timeline find out, for trend.c to judge. */
#ifndef VMT_TREND_RUN_H
#define VMT_TREND_RUN_H

#include "core/trend/curve.h"

struct vmt_trend_run {
	const struct vmt_curve_source *source;
	uint64_t buckets; /* in the run's duration */
	uint64_t peak;
	uint64_t first_rise; /* bucket in which the count first exceeded the start */
	uint64_t settled; /* first bucket from which on the count stays near its final value */
	uint64_t low; /* extremes from `settled` on */
	uint64_t high;
	uint64_t above_half; /* about how many half buckets were in the upper half of the rise */
	uint64_t window; /* the eighth of the run that the first pass is in */
	uint64_t floor[VMT_CURVE_WINDOWS]; /* lowest count in each eighth of the run… */
	uint64_t floor_at[VMT_CURVE_WINDOWS]; /* …and the first bucket that has it… */
	uint64_t floor_calls[VMT_CURVE_WINDOWS]; /* …and the calls that were made before it */
	uint64_t ceiling[VMT_CURVE_WINDOWS]; /* highest count in each */
	uint64_t jump; /* by how much a bucket of the second half rose most */
	uint64_t calls; /* made so far */
	bool is_falling;
	bool is_slowing; /* set after the first pass, from the floors */
	uint64_t active; /* buckets with a call… */
	uint64_t active_settled; /* …and how many of these come after it settled */
	/* set by the second pass */
	uint64_t base; /* lowest count after the first quarter */
	uint64_t times; /* how often it rose from near the base to beyond the middle */
	uint64_t
		drops; /* how often it fell by an eighth of what it rose in all, wherever that was */
	uint64_t trough[2]; /* the lowest count between two rises: first and last */
	uint64_t trough_at[2]; /* the buckets of these troughs */
};

/* Returns false if the source has no width or too many buckets. The source must outlive the run. */
bool vmt_trend_run_read(struct vmt_trend_run *run, const struct vmt_curve_source *source);

#endif
