/* SPDX-License-Identifier: MIT */
/* A timeline for vmt_trend_judge() that tests fill. Included by the tests of core/trend only. */
#ifndef VMT_TEST_CURVE_SOURCE_H
#define VMT_TEST_CURVE_SOURCE_H

#include "core/trend/trend.h"

#include <criterion/criterion.h>
#include <stdlib.h>

#define SECOND UINT64_C(1000000000)
#define MOST   1024

/* The maps in each bucket; UINT32_MAX = no call. */
static uint32_t maps[MOST];
static uint64_t used;
static uint64_t read_most = MOST; /* no bucket from here on is read: there was no call */

/* Each bucket has so many of the above, none of them without a call if there are several. */
static uint64_t fold = 1;

static bool bucket(const void *context, uint64_t index, struct vmt_curve_bucket *ret_bucket)
{
	const uint32_t *at = (const uint32_t *)context + index * fold;

	if (*at == UINT32_MAX)
		return false;
	*ret_bucket = (struct vmt_curve_bucket){ *at, *at, at[fold - 1], 0 };
	for (uint64_t i = 1; i < fold; i++) {
		ret_bucket->min = at[i] < ret_bucket->min ? at[i] : ret_bucket->min;
		ret_bucket->max = at[i] > ret_bucket->max ? at[i] : ret_bucket->max;
	}
	return true;
}

static uint32_t last_of(uint64_t i)
{
	while (i && maps[i] == UINT32_MAX)
		i--;
	return maps[i] == UINT32_MAX ? 20 : maps[i];
}

static struct vmt_curve judge(uint64_t duration)
{
	struct vmt_curve_source source = {
		.bucket = bucket,
		.context = maps,
		.buckets = read_most / fold,
		.width = duration / used * fold,
		.duration = duration - 1,
		.start = 20,
		.now = last_of(used - 1),
	};
	struct vmt_curve curve;

	for (uint64_t i = 0; i < used; i++) {
		if (maps[i] != UINT32_MAX && maps[i] > source.peak)
			source.peak = maps[i];
	}
	cr_assert(vmt_trend_judge(&source, &curve));
	return curve;
}

static enum vmt_trend trend(uint64_t seconds)
{
	return judge(seconds * SECOND).trend;
}

#endif
