/* SPDX-License-Identifier: MIT */
/* See alarm.h. */
#include "call/alarm.h"

#include <sys/syscall.h>

#include "os/sys.h"
#include "report/failure.h"
#include "report/final_report.h"
#include "trace/guard.h"

/*
 * Whoever reads a log when the program is dead wants the whole report there, and a service manager or a
 * container ends every process of a program that is. So the calls that fail wait for the report, but
 * none longer than this, however busy the machine is.
 */
#define REPORT_NS (2 * UINT64_C(1000000000))
#define DOUBT_NS  UINT64_C(20000000)
#define STEP_NS   200000
#define STEP_MOST 10000000

struct pause {
	uint64_t start;
	int64_t step;
};

static struct pause begin_pause(void)
{
	return (struct pause){ .start = vmt_clock(), .step = STEP_NS };
}

static bool has_time(const struct pause *pause, uint64_t time)
{
	return vmt_clock() - pause->start < time;
}

/* Steps become longer, so that many threads that wait take little time from the report. */
static void pause_for_a_step(struct pause *pause)
{
	const int64_t step[2] = { 0, pause->step };

	vmt_sys2(SYS_nanosleep, step, 0);
	pause->step = pause->step < STEP_MOST / 2 ? pause->step * 2 : STEP_MOST;
}

/*
 * The copy that is printed is of one moment, if the lock can be had. Where orphans would become
 * children of the program, the report is made by a child that is gone when this returns.
 */
static void report_limit(struct vmt_state *state)
{
	struct pause pause = begin_pause();
	bool locked = vmt_guard_enter(state, true);
	bool has_started = vmt_final_report_start(state);

	if (locked)
		vmt_guard_leave(state);
	if (!has_started)
		vmt_final_report_print_now(state);
	while (has_started && has_time(&pause, REPORT_NS) && vmt_final_report_is_running(state))
		pause_for_a_step(&pause);
	vmt_failure_report_has_ended(state);
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

/* Has the lock's holder not looked at all deferred calls yet? */
static bool is_unknown(struct vmt_state *state)
{
	return vmt_deferred_waits(&state->deferred) && !(state->alarms.said & VMT_ALARM_LIMIT);
}

/* A report that nobody has begun, because the failed call was a deferred one, is begun first. */
void vmt_alarm_wait(struct vmt_state *state, bool is_deferred)
{
	struct pause pause = begin_pause();
	bool is_doubtful = is_deferred && vmt_failure_may_be_limit(state);

	while (has_time(&pause, REPORT_NS)) {
		if (is_due(state))
			vmt_alarm_say(state);
		is_doubtful = is_doubtful && has_time(&pause, DOUBT_NS) && is_unknown(state);
		if (!is_due(state) && !is_doubtful && !vmt_failure_is_reporting(state))
			return;
		pause_for_a_step(&pause);
	}
	vmt_failure_report_has_ended(state); /* whoever began it may be gone */
}
