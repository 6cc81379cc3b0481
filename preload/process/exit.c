/* SPDX-License-Identifier: MIT */
/* Closes the recording at the end of the process; see exit.h. */
#include "process/exit.h"

#include <signal.h>
#include <sys/syscall.h>

#include "core/recording/seal.h"
#include "core/trend/trend.h"
#include "filter/filter.h"
#include "kernel/ask.h"
#include "trace/attributes.h"
#include "modules/ending.h"
#include "core/base/line.h"
#include "os/fd.h"
#include "os/sys.h"
#include "os/valgrind.h"
#include "malloc/malloc.h"
#include "own/log.h"
#include "patch/code.h"
#include "patch/gate.h"
#include "patch/home.h"
#include "process/refused.h"
#include "report/final_report.h"
#include "report/failure.h"
#include "safety/bus.h"
#include "store/extend.h"
#include "store/publish.h"
#include "store/recording.h"
#include "trace/account.h"
#include "trace/guard.h"
#include "trace/allocations.h"
#include "trace/room.h"
#include "trace/verify.h"

#define PAUSE_NS   200000
#define PAUSES     50 /* the most that it waits for other threads at the end */
#define LAST_LOOKS 4 /* how often it asks the kernel again if other threads go on mapping */

void vmt_exit_note(struct vmt_state *state, enum vmt_end end, int status)
{
	state->counters.end = (uint32_t)end;
	state->counters.status = status;
	state->counters.end_monotonic = end == VMT_END_RUNNING ? 0 : vmt_clock();
	if (state->recording.base)
		state->recording.header->end_monotonic = state->counters.end_monotonic;
	if (end == VMT_END_EXIT)
		vmt_ending_judge(state);
	vmt_publish_header(state);
}

/* Returns how many maps the kernel counts now, without the library's own. */
static uint64_t count_kernels(struct vmt_state *state)
{
	struct vmt_outcome *outcome = &state->resolution.outcome;

	vmt_outcome_clear(outcome);
	if (vmt_ask_everything(state, outcome) || outcome->out_of_memory)
		return UINT64_MAX;
	return outcome->count - state->space.own;
}

void vmt_exit_pause(void)
{
	const int64_t pause[2] = { 0, PAUSE_NS };

	uint64_t start;

	if (!vmt_sys_failed(vmt_sys2(SYS_nanosleep, pause, 0)))
		return;
	start = vmt_clock();
	while (vmt_clock() - start < PAUSE_NS)
		__builtin_ia32_pause();
}

/*
 * Nothing comes after this, so it may take longer than a call may: a holder may be waiting for a
 * processor.
 */
static bool seize_in_the_end(struct vmt_state *state)
{
	for (int i = 0; i < PAUSES; i++) {
		if (vmt_guard_seize(state))
			return true;
		vmt_exit_pause();
	}
	return false;
}

/*
 * Wait a moment for calls that are being made without the lock, so that they can be counted. False:
 * the lock was lost.
 */
static bool wait_until_quiet(struct vmt_state *state)
{
	for (int i = 0; i < PAUSES && !vmt_deferred_is_quiet(&state->deferred); i++) {
		vmt_guard_leave(state);
		vmt_exit_pause();
		if (!seize_in_the_end(state))
			return false;
	}
	return true;
}

/* Returns how many starts were found that no call explains. */
static uint64_t look(struct vmt_state *state)
{
	uint64_t count;
	uint64_t found;

	if (vmt_verify_is_equal(state, &count)) {
		vmt_account_nothing(state);
		state->counters.maps_kernel = count - state->space.own;
		return 0;
	}
	found = vmt_account_everything(state);
	if (state->room_is_due) /* what was found took new maps of the library's */
		vmt_room_make(state);
	state->counters.maps_kernel = count_kernels(state);
	return found;
}

/*
 * Another thread that has waited too long for the lock may map something while we ask the kernel;
 * then we ask again. These questions do not answer a call, so they are not counted.
 */
static bool look_for_the_last_time(struct vmt_state *state)
{
	uint64_t asked_query = state->counters.asked_query;
	uint64_t asked_maps = state->counters.asked_maps;
	uint64_t found = 0;

	for (int i = 0; i < LAST_LOOKS; i++) {
		if (!wait_until_quiet(state))
			return false;
		found = look(state);
		if (vmt_deferred_is_quiet(&state->deferred))
			break;
	}
	if (found)
		vmt_account_unseen(state, found);
	vmt_failure_count_threads(state);
	vmt_refused_count(state);
	vmt_attributes_record(state);
	state->counters.asked_query = asked_query;
	state->counters.asked_maps = asked_maps;
	return true;
}

/*
 * A report of the first process alone looks empty where a shell, a daemon or a server leaves the
 * work to children. Helpers of our own are waited for when the limit is reached.
 */
static bool has_silent_children(struct vmt_state *state)
{
	const struct vmt_options *options = &state->options;

	if (!state->process.is_root || options->report != VMT_REPORT_ALWAYS || options->children ||
	    options->dir[0] || !options->follow_children)
		return false;
	if (vmt_fd_read_file("/proc/thread-self/children", state->text, sizeof(state->text)) > 0)
		return true; /* one is alive, or nobody has waited for it */
	return !(state->alarms.said & VMT_ALARM_LIMIT) &&
	       vmt_fd_own_stat(VMT_STAT_WAITED_FAULTS) > state->image.waited_faults;
}

static void close_books(struct vmt_state *state)
{
	if (has_silent_children(state))
		vmt_state_note(state, VMT_NOTE_CHILDREN);
	for (uint32_t id = 0; id < VMT_CALL_COUNT; id++) {
		uint64_t passed = atomic_load_explicit(&state->passed[id], memory_order_relaxed);

		state->calls[id].calls += passed;
		state->counters.calls_seen += passed;
		state->counters.calls_derived += passed; /* these calls could change no map */
		vmt_publish_call(state, id);
	}
	vmt_allocations_publish(state);
	vmt_extend_settle(state, true);
}

/*
 * Nobody writes to the recording after this: other threads find it closed when they get the lock.
 */
static void seal(struct vmt_state *state)
{
	if (!state->recording.base)
		return;
	vmt_seal_set(&state->counters, state->recording.base);
	vmt_publish_header(state);
}

/* Does anybody learn how this process ends? Nobody does of most fork children without a recording. */
static bool is_of_interest(const struct vmt_state *state)
{
	return state->recording.base || vmt_state_reports(state);
}

/* A filter that the program installed may let it end in another way than it wants to. */
static void note_last(struct vmt_state *state, int status)
{
	int end_by = state->process.is_last_act ? vmt_filter_end() : 0;

	if (!end_by)
		vmt_exit_note(state, VMT_END_EXIT, status);
	else if (end_by == SIGKILL || (end_by == SIGSYS && vmt_code_is_alone()))
		vmt_exit_note(state, VMT_END_SIGNAL, end_by);
	else
		vmt_exit_note(state, VMT_END_RUNNING, 0);
}

/* Returns whether a report is due. */
static bool finish(struct vmt_state *state, int status)
{
	bool locked;

	if (atomic_exchange_explicit(&state->process.closing, 1, memory_order_acq_rel))
		return false; /* another thread was first */
	locked = is_of_interest(state) && seize_in_the_end(state) && look_for_the_last_time(state);
	if (locked)
		close_books(state);
	note_last(state, status);
	if (locked)
		seal(state);
	atomic_store_explicit(&vmt_phase, VMT_PHASE_OFF, memory_order_release);
	if (locked)
		vmt_guard_leave(state);
	if (vmt_state_reports(state) && vmt_recording_is_gone(state))
		vmt_log(state,
			"the recording was removed while the program ran: nothing is left of it");
	vmt_log_marker(state, "vmatrace: done");
	return state->options.report == VMT_REPORT_ALWAYS && vmt_state_reports(state);
}

/* What the program's end gave back was kept until then; a handful of maps tells nothing of that. */
static uint64_t kept_maps(const struct vmt_rec_header *had)
{
	return had->maps_before_end >= had->maps_now + VMT_TREND_SMALL ? had->maps_before_end :
									 had->maps_now;
}

/* max_growth: a program that has succeeded fails after all. */
static int judge(struct vmt_state *state, int status)
{
	const struct vmt_rec_header *had = &state->counters;
	uint64_t kept = kept_maps(had);
	char message[200];
	struct vmt_line line = vmt_line_in(message, sizeof(message));

	/* exit(256) is a success to the parent. */
	if ((status & 0xff) || !vmt_state_reports(state) || kept <= had->maps_start ||
	    kept - had->maps_start <= state->options.max_growth)
		return status;
	vmt_line_add(&line, "ERROR: ");
	vmt_line_add_number(&line, kept - had->maps_start);
	vmt_line_add(&line, kept - had->maps_start == 1 ? " map" : " maps");
	vmt_line_add(&line, " more than at the start");
	if (kept > had->maps_now) {
		vmt_line_add(&line, " before the end gave back ");
		vmt_line_add_number(&line, kept - had->maps_now);
	}
	vmt_line_add(&line, ", and max_growth is ");
	vmt_line_add_number(&line, state->options.max_growth);
	if (state->options.report == VMT_REPORT_NEVER)
		vmt_line_add(&line, "; report=1 shows their call sites");
	vmt_log(state, message);
	return (int)state->options.exitcode;
}

int vmt_exit_end(int status)
{
	struct vmt_state *state = vmt_state;

	if (!vmt_state_is_on() || !vmt_state_is_ours(state))
		return status;
	vmt_valgrind_begin();
	if (finish(state, status & 0xff))
		vmt_final_report_print(state);
	vmt_final_report_await(state);
	status = judge(state, status);
	vmt_valgrind_end();
	return status;
}

/* Returns whether a report is due. */
static bool close_early(struct vmt_state *state, uint64_t notes)
{
	bool locked;

	if (atomic_exchange_explicit(&state->process.closing, 1, memory_order_acq_rel))
		return false;
	vmt_state_note(state, VMT_NOTE_SWITCHED_OFF | notes);
	locked = seize_in_the_end(state);
	if (locked)
		close_books(state);
	vmt_publish_whole_header(state);
	atomic_store_explicit(&vmt_phase, VMT_PHASE_OFF, memory_order_release);
	if (locked)
		vmt_guard_leave(state);
	return state->options.report == VMT_REPORT_ALWAYS && vmt_state_reports(state);
}

static void end_early(struct vmt_state *state, uint64_t notes)
{
	bool reports = false;

	if (vmt_state_is_on() && vmt_state_is_ours(state))
		reports = close_early(state, notes);
	atomic_store_explicit(&vmt_phase, VMT_PHASE_OFF, memory_order_release);
	if (reports)
		vmt_final_report_print(state);
	vmt_bus_close(state);
}

void vmt_exit_step_aside(struct vmt_state *state)
{
	end_early(state, VMT_NOTE_BY_ADDRESS);
	vmt_filter_set_allowed(0);
	vmt_home_step_aside();
}

void vmt_exit_give_up_memory(struct vmt_state *state)
{
	end_early(state, 0);
	vmt_malloc_give_up();
	vmt_gate_last_stack = 0;
	vmt_home_step_aside(); /* the gate needs no memory then */
}
