/* SPDX-License-Identifier: MIT */
/*
 * The course of a count of maps over a run, the process's or one call site's, and what it
 * amounts to: leak, burst, plateau and so on. Pure; two passes over the buckets of a timeline,
 * no memory. Says "too short" or "up and down" rather than guess. Used by the reports.
 */
#ifndef VMT_TREND_H
#define VMT_TREND_H

#include "core/base/base.h"

#define VMT_TREND_WINDOWS     8u
#define VMT_TREND_SMALL       16u /* maps; less than that is no growth worth a word */
#define VMT_TREND_SHORT_NS    (3 * UINT64_C(1000000000)) /* a shorter run shows its start-up */
#define VMT_TREND_BUCKETS_MAX 65536u

enum vmt_trend {
	VMT_TREND_NONE, /* no growth worth a word */
	VMT_TREND_SHORT, /* grew, but the run was too short to tell more */
	VMT_TREND_BURST, /* went up once and came back */
	VMT_TREND_BURSTS, /* several times, and was low for most of the run */
	VMT_TREND_SAWTOOTH, /* several times, to and fro */
	VMT_TREND_GIVEN_BACK, /* high for most of the run, low at the end */
	VMT_TREND_PLATEAU, /* warmed up, then stayed */
	VMT_TREND_LEAK, /* its lowest count rises from each part of the run to the next */
	VMT_TREND_GROWING, /* highest at the end, but not by steady growth */
	VMT_TREND_UNEVEN, /* none of these */
	VMT_TREND_COUNT,
};

struct vmt_curve_bucket {
	uint64_t min;
	uint64_t max;
	uint64_t last;
};

/* What to judge; buckets without a call are those for which bucket() returns false. */
struct vmt_curve_source {
	bool (*bucket)(const void *context, uint64_t index, struct vmt_curve_bucket *ret_bucket);
	const void *context;
	uint64_t buckets; /* at most VMT_TREND_BUCKETS_MAX */
	uint64_t width; /* of a bucket, ns; not 0 */
	uint64_t duration; /* of the run, ns */
	uint64_t start;
	uint64_t now;
	uint64_t peak;
};

struct vmt_curve {
	enum vmt_trend trend;
	uint64_t began; /* ns: when it first exceeded the start */
	uint64_t since; /* ns: the same, or when the plateau was reached */
	uint64_t low; /* of a plateau; else after the first quarter */
	uint64_t high;
	uint64_t times; /* that it went up, at least */
	uint64_t rise; /* of a leak: maps… */
	uint64_t span; /* …in so many ns */
	bool is_falling; /* fell at some time after it had risen */
};

/* False, and nothing judged, when the source has no width or too many buckets. */
bool vmt_trend_judge(const struct vmt_curve_source *source, struct vmt_curve *ret_curve);

/* "leak", "plateau": a word for machines, which never changes. */
const char *vmt_trend_word(enum vmt_trend trend);

#endif
