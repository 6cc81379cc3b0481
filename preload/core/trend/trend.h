/* SPDX-License-Identifier: MIT */
/*
 * Judges how a count of maps, the process's or one call site's, developed over a run: leak, burst,
 * plateau and so on. Pure; two passes over the buckets of a timeline, no memory. It says "too
 * short" or "up and down" rather than guess. Used by the reports.
 */
#ifndef VMT_TREND_H
#define VMT_TREND_H

#include "core/trend/curve.h"

/* a shorter run mostly shows its start-up */
#define VMT_TREND_SHORT_NS (3 * UINT64_C(1000000000))
/* if a shorter run is flat for so long, and for most of the time, it is past its start-up */
#define VMT_TREND_FLAT_NS UINT64_C(1000000000)
/* A start-up on a busy machine may take as long, and rises as steadily as a leak until it is done. */
#define VMT_TREND_START_UP_NS (60 * UINT64_C(1000000000))

enum vmt_trend {
	VMT_TREND_NONE, /* no growth worth mentioning */
	VMT_TREND_SHORT, /* it grew, but the run was too short to say more */
	VMT_TREND_BURST, /* it rose once and came back */
	VMT_TREND_BURSTS, /* it rose several times, and was low for most of the run */
	VMT_TREND_SAWTOOTH, /* it rose and fell several times */
	VMT_TREND_GIVEN_BACK, /* it was high, or rose, for most of the run, and was low at the end */
	VMT_TREND_PLATEAU, /* it rose, then stayed */
	VMT_TREND_LEAK, /* its lowest count rises from each part of the run to the next */
	VMT_TREND_GROWING, /* highest at the end, but without steady growth */
	VMT_TREND_UNEVEN, /* none of these */
	VMT_TREND_COUNT,
};

struct vmt_curve {
	enum vmt_trend trend;
	uint64_t began; /* when the count first exceeded its start, ns */
	/* the same, or when the plateau was reached, or a leak began that was not there at first; ns */
	uint64_t since;
	uint64_t low; /* the lowest count: on the plateau, or else after the first quarter */
	uint64_t high;
	uint64_t times; /* how often it rose, at least */
	/*
	 * leak; growing if it has risen steadily of late, since `since`; plateau if its lowest count has;
	 * given back if it rose like a leak until then; else 0
	 */
	uint64_t rise; /* it rose by this many maps… */
	uint64_t span; /* …in this time, ns */
	bool is_rough; /* parts of the run differ much in how fast it rose */
	bool is_doubtful; /* and in all by less than twice what the count varies by: it may be chance */
	bool is_at_peak; /* it is highest at the end of the run, but for a ripple */
	bool is_falling; /* it fell at some time after it had risen */
	bool is_slowing; /* it rose less and less */
	/*
	 * Growing, if not steadily in time, but in step with the calls: this many maps in so many calls;
	 * else 0.
	 */
	uint64_t step;
	uint64_t step_calls;
	/* bursts and sawtooth: the lowest counts early and late in the run; equal unless they rose */
	uint64_t lows[2];
};

/*
 * Returns when the second half of the growth up to source->peak began, ns, and how many maps there were
 * then; 0: it is not known, and source->start.
 */
uint64_t vmt_trend_half(const struct vmt_curve_source *source, uint64_t *ret_maps);

/* Returns false and judges nothing if the source has no width or too many buckets. */
bool vmt_trend_judge(const struct vmt_curve_source *source, struct vmt_curve *ret_curve);

/* "leak", "plateau": a word for programs that read the report; it never changes. */
const char *vmt_trend_word(enum vmt_trend trend);

#endif
