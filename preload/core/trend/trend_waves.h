/* SPDX-License-Identifier: MIT */
/* A count that rises and falls several times, and what its troughs tell. Part of trend.c. */
#ifndef VMT_TREND_WAVES_H
#define VMT_TREND_WAVES_H

#include "core/trend/trend_run.h"

/* Did the count rise more than once, by more than a ripple on a plateau? */
bool vmt_trend_waves_are_there(const struct vmt_trend_run *run);

/* Do the troughs rise, as above a leak? */
bool vmt_trend_waves_leak(const struct vmt_trend_run *run);

/* Returns by how much the lowest counts rose from the first quarter after the start-up to the last one. */
uint64_t vmt_trend_waves_rise(const struct vmt_trend_run *run, uint64_t *ret_early);

/* Had they risen by no more than the band in the next quarter? False if waves are too long to say. */
bool vmt_trend_waves_are_flat(const struct vmt_trend_run *run, uint64_t band);

/* Fill in the lowest counts early and late, if these may have risen, but not surely; otherwise nothing. */
void vmt_trend_waves_find_lows(const struct vmt_trend_run *run, uint64_t ret_lows[2]);

#endif
