/* SPDX-License-Identifier: MIT */
/* See alarm.h. */
#include "call/alarm.h"

#include <sys/syscall.h>

#include "os/sys.h"
#include "report/failure.h"
#include "report/final_report.h"
#include "trace/guard.h"

/*
 * A report begins within a few milliseconds. The bounds are for a machine that is so busy that this
 * takes longer, and for a holder of the lock that does not come back.
 */
#define BEGIN_NS UINT64_C(1000000000)
#define DOUBT_NS UINT64_C(20000000)
#define STEP_NS  200000

/* The copy that is printed is of one moment, if the lock can be had. */
static void report_limit(struct vmt_state *state)
{
	bool locked = vmt_guard_enter(state, true);
	bool has_started = vmt_final_report_start(state);

	if (locked)
		vmt_guard_leave(state);
	vmt_failure_report_has_begun(state);
	if (!has_started)
		vmt_final_report_print_now(state);
}

void vmt_alarm_say(struct vmt_state *state)
{
	if (vmt_failure_say(state))
		report_limit(state);
}

static bool is_due(struct vmt_state *state)
{
	return atomic_load_explicit(&state->alarms.due, memory_order_relaxed);
}

static void pause_for_a_step(void)
{
	const int64_t pause[2] = { 0, STEP_NS };

	vmt_sys2(SYS_nanosleep, pause, 0);
}

/* Has the lock's holder not looked at all deferred calls yet? */
static bool is_unknown(struct vmt_state *state)
{
	return vmt_deferred_waits(&state->deferred) && !(state->alarms.said & VMT_ALARM_LIMIT);
}

/* A report that nobody has begun, because the failed call was a deferred one, is begun first. */
void vmt_alarm_wait(struct vmt_state *state, bool is_deferred)
{
	uint64_t start = vmt_clock();
	uint64_t time = 0;
	bool is_doubtful = is_deferred && vmt_failure_may_be_limit(state);

	while (time < BEGIN_NS) {
		if (is_due(state))
			vmt_alarm_say(state);
		is_doubtful = is_doubtful && time < DOUBT_NS && is_unknown(state);
		if (!is_due(state) && !is_doubtful && !vmt_failure_report_begins(state))
			break;
		pause_for_a_step();
		time = vmt_clock() - start;
	}
}
