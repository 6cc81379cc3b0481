/* SPDX-License-Identifier: MIT */
/*
 * Judges how a count of maps, the process's or one call site's, developed over a run: leak, burst,
 * plateau and so on. Pure; two passes over the buckets of a timeline, no memory. It says "too
 * short" or "up and down" rather than guess. Used by the reports.
 */
#ifndef VMT_TREND_H
#define VMT_TREND_H

#include "core/base/base.h"

#define VMT_TREND_WINDOWS 8u
#define VMT_TREND_SMALL   16u /* maps; less growth than this is not mentioned */
/* a shorter run mostly shows its start-up */
#define VMT_TREND_SHORT_NS (3 * UINT64_C(1000000000))
/* if a shorter run is flat for so long, and for most of the time, it is past its start-up */
#define VMT_TREND_FLAT_NS UINT64_C(1000000000)
/* A start-up on a busy machine may take as long, and rises as steadily as a leak until it is done. */
#define VMT_TREND_START_UP_NS (60 * UINT64_C(1000000000))
#define VMT_TREND_BUCKETS_MAX 65536u

enum vmt_trend {
	VMT_TREND_NONE, /* no growth worth mentioning */
	VMT_TREND_SHORT, /* it grew, but the run was too short to say more */
	VMT_TREND_BURST, /* it rose once and came back */
	VMT_TREND_BURSTS, /* it rose several times, and was low for most of the run */
	VMT_TREND_SAWTOOTH, /* it rose and fell several times */
	VMT_TREND_GIVEN_BACK, /* it was high for most of the run, and low at the end */
	VMT_TREND_PLATEAU, /* it rose, then stayed */
	VMT_TREND_LEAK, /* its lowest count rises from each part of the run to the next */
	VMT_TREND_GROWING, /* highest at the end, but without steady growth */
	VMT_TREND_UNEVEN, /* none of these */
	VMT_TREND_COUNT,
};

struct vmt_curve_bucket {
	uint64_t min;
	uint64_t max;
	uint64_t last;
};

/* The timeline to judge. bucket() returns false for a bucket without a call. */
struct vmt_curve_source {
	bool (*bucket)(const void *context, uint64_t index, struct vmt_curve_bucket *ret_bucket);
	const void *context;
	uint64_t buckets; /* at most VMT_TREND_BUCKETS_MAX */
	uint64_t width; /* width of a bucket, ns; not 0 */
	uint64_t duration; /* duration of the run, ns */
	uint64_t start;
	uint64_t now;
	uint64_t peak;
};

struct vmt_curve {
	enum vmt_trend trend;
	uint64_t began; /* when the count first exceeded its start, ns */
	uint64_t since; /* the same, or when the plateau was reached, ns */
	uint64_t low; /* the lowest count: on the plateau, or else after the first quarter */
	uint64_t high;
	uint64_t times; /* how often it rose, at least */
	uint64_t rise; /* leak: it rose by this many maps… */
	uint64_t span; /* …in this time, ns */
	bool is_rough; /* leak: parts of the run differ much in how fast it rose */
	bool is_falling; /* it fell at some time after it had risen */
	bool is_slowing; /* it rose less and less */
	/* bursts and sawtooth: the lowest counts early and late in the run; equal unless they rose */
	uint64_t lows[2];
};

/* Returns false and judges nothing if the source has no width or too many buckets. */
bool vmt_trend_judge(const struct vmt_curve_source *source, struct vmt_curve *ret_curve);

/* "leak", "plateau": a word for programs that read the report; it never changes. */
const char *vmt_trend_word(enum vmt_trend trend);

#endif
