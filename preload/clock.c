/* SPDX-License-Identifier: MIT */
/*
 * Time, through the vdso: no system call, no lock, no vector register.
 */
#include <time.h>

#include "state.h"

VMT_HOT static uint64_t clock_of(clockid_t id)
{
	struct timespec time;

	clock_gettime(id, &time);
	return (uint64_t)time.tv_sec * 1000000000 + (uint64_t)time.tv_nsec;
}

uint64_t vmt_clock(void)
{
	return clock_of(CLOCK_MONOTONIC);
}

VMT_HOT uint64_t vmt_time(const struct vmt_state *state)
{
	uint64_t now = clock_of(CLOCK_MONOTONIC_COARSE);

	return now > state->start_ns ? now - state->start_ns : 0;
}

uint64_t vmt_wall_clock(void)
{
	return clock_of(CLOCK_REALTIME);
}
