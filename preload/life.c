/* SPDX-License-Identifier: MIT */
/*
 * See life.h. A fork child inherits the table and its owners by copy; a vfork child
 * shares everything with its parent and ends nothing of it.
 */
#include "life.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include "account.h"
#include "allocators.h"
#include "ask.h"
#include "bus.h"
#include "capture/home.h"
#include "core/seal.h"
#include "guard.h"
#include "filter.h"
#include "extend.h"
#include "failure.h"
#include "line.h"
#include "log.h"
#include "mapsfile.h"
#include "memory.h"
#include "publish.h"
#include "recording.h"
#include "report.h"
#include "sys.h"
#include "timeline.h"

#define STARTER_TURNS 2000u	/* of yielding, for two system calls of the other thread */
#define PAUSE_NS      200000
#define PAUSES	      50	/* for other threads at the end */
#define LAST_LOOKS    4	/* at the kernel, if other threads go on mapping */

static void set_end(struct vmt_state *state, enum vmt_end end, int status)
{
	state->counters.end = (uint32_t)end;
	state->counters.status = status;
	state->counters.end_monotonic = end == VMT_END_RUNNING ? 0 : vmt_clock();
	if (state->recording.base)
		state->recording.header->end_monotonic = state->counters.end_monotonic;
	vmt_publish_header(state);
}

void vmt_life_before_exec(struct vmt_state *state)
{
	bool locked = vmt_guard_enter(state, true);

	set_end(state, VMT_END_EXEC, 0);
	if (locked)
		vmt_guard_leave(state);
}

void vmt_life_after_exec(struct vmt_state *state)
{
	bool locked = vmt_guard_enter(state, true);

	set_end(state, VMT_END_RUNNING, 0);
	if (locked)
		vmt_guard_leave(state);
}

/* The parent's recording is mapped shared: leave it, after taking over its strings. */
static void leave_parents_recording(struct vmt_state *state, bool wants_own)
{
	const struct vmt_recording parents = state->recording;
	const struct vmt_growth growth = state->growth;
	uint64_t strings = state->counters.section[VMT_SECTION_STRINGS].used;
	uint64_t offset = state->counters.section[VMT_SECTION_STRINGS].offset;

	if (!parents.base)
		return;
	vmt_fd_close(&state->fds.record);
	state->recording.base = NULL;
	if (wants_own && vmt_publish_open(state) == 0) {
		vmt_memory_own(state, state->recording.base, state->recording.size);
		vmt_publish_string(state, (char *)parents.base + offset, strings);
	}
	vmt_memory_disown(state, parents.base);
	vmt_sys2(SYS_munmap, parents.base, parents.size);
	for (unsigned i = 0; i < growth.map_count; i++) {	/* it was growing when it forked */
		vmt_memory_disown(state, (void *)(uintptr_t)growth.map[i].start);
		vmt_sys2(SYS_munmap, growth.map[i].start, growth.map[i].length);
	}
}

static void clear_counters(struct vmt_state *state)
{
	struct vmt_rec_header *header = &state->counters;
	const struct vmt_rec_header was = *header;

	*header = (struct vmt_rec_header){
		.file_size = was.file_size,
		.image = was.image,
		.exe = was.exe,
		.command = was.command,
		.kernel = was.kernel,
		.options = was.options,
		.cwd = was.cwd,
		.doors = was.doors,
		.notes = was.notes,
		.maps_limit = was.maps_limit,
	};
	for (unsigned i = 0; i < VMT_SECTION_COUNT; i++)
		header->section[i] = was.section[i];
	state->mark_epoch = 0;
	state->caller = NULL;	/* another thread of the parent's may have been at it */
	state->alarms_said = 0;
	for (unsigned i = 0; i < VMT_CALL_COUNT; i++) {
		state->calls[i] = (struct vmt_rec_counters){ 0 };
		atomic_store_explicit(&state->passed[i], 0, memory_order_relaxed);
	}
	for (uint32_t id = 0; id < state->sites.count; id++) {
		struct vmt_site *site = state->sites.by_id[id];

		site->counters = (struct vmt_rec_counters){ 0 };
		site->peak_epoch = 0;
		site->mark_epoch = 0;
		site->live_at_peak = 0;
		site->bucket_end = 0;
	}
}

static void publish_everything(struct vmt_state *state)
{
	for (uint32_t i = 0; i < state->module_count; i++)
		vmt_publish_module(state, i);
	for (uint32_t id = 0; id < state->sites.count; id++) {
		vmt_publish_frames(state, state->sites.by_id[id]);
		vmt_publish_site(state, state->sites.by_id[id]);
	}
	for (struct vmt_map *map = vmt_space_first(&state->space); map; map = vmt_space_next(map)) {
		map->slot = VMT_NO_INDEX;
		vmt_publish_range(state, map);
	}
	vmt_timeline_tick(state, 0);
	vmt_publish_whole_header(state);
}

/* No thread of the parent's is here: its lock, its calls under way and its late ones are not ours. */
static void forget_parents_threads(struct vmt_state *state)
{
	vmt_guard_enter_alone(state);	/* a handler may come before the table is ready */
	atomic_store_explicit(&state->closing, 0, memory_order_relaxed);
	atomic_store_explicit(&state->alarms_due, 0, memory_order_relaxed);
	atomic_store_explicit(&state->printing, 0, memory_order_relaxed);
	vmt_late_reset(&state->late);
	vmt_last_forget();
}

/* MADV_DONTFORK maps are missing here, and nothing else: make the table so, without counting it. */
static void learn_inherited(struct vmt_state *state)
{
	struct vmt_recording recording = state->recording;

	state->recording.base = NULL;	/* the parent's slots are not ours to write to */
	if (atomic_load_explicit(&state->dirty, memory_order_relaxed) != VMT_DIRTY_NOT)
		vmt_account_rebuild(state);
	vmt_account_inherited(state);
	state->recording = recording;
}

static void start_own_counts(struct vmt_state *state)
{
	clear_counters(state);
	vmt_publish_describe(state);
	state->counters.maps_own = state->space.own;
	state->counters.maps_now = vmt_account_maps(state);
	state->counters.maps_start = state->counters.maps_now;
	state->counters.maps_peak = state->counters.maps_now;
}

/* The lock is not ours to wait for yet: it is as the parent left it. */
static bool wait_for_starter(void)
{
	for (unsigned turn = 0; turn < STARTER_TURNS; turn++) {
		if (*vmt_alive == VMT_ALIVE)
			return true;
		if (vmt_sys_failed(vmt_sys0(SYS_sched_yield)))
			__builtin_ia32_pause();
	}
	return false;
}

static void start_child(struct vmt_state *state)
{
	bool reports = state->options.children;

	long pid;

	vmt_filter_start_child();
	pid = vmt_sys0(SYS_getpid);
	if (vmt_sys_failed(pid)) {	/* under a seccomp filter: nothing can be found out */
		atomic_store_explicit(&vmt_phase, VMT_PHASE_OFF, memory_order_release);
		return;
	}
	state->pid = (uint32_t)pid;
	forget_parents_threads(state);
	state->parent_pid = (uint32_t)vmt_sys0(SYS_getppid);
	state->is_root = false;
	*vmt_alive = VMT_ALIVE;	/* from here on the others find the lock taken */
	if (!state->options.follow_children) {
		vmt_bus_close(state);
		atomic_store_explicit(&vmt_phase, VMT_PHASE_OFF, memory_order_release);
		vmt_guard_leave(state);
		return;
	}
	if (reports)
		vmt_log_open_child(state);
	vmt_mapsfile_start_child(state);
	vmt_ask_open(state);
	leave_parents_recording(state, reports || state->options.dir[0]);
	if (!state->recording.base || !state->recording.is_file)
		vmt_bus_close(state);
	learn_inherited(state);
	start_own_counts(state);
	publish_everything(state);
	vmt_allocators_start_child(state);
	vmt_guard_leave(state);
}

bool vmt_life_start_child(struct vmt_state *state)
{
	uint32_t wiped = VMT_ALIVE_WIPED;

	if (!atomic_compare_exchange_strong(vmt_alive, &wiped, VMT_ALIVE_STARTING))
		return wait_for_starter();
	start_child(state);
	return true;
}

/* Maps as the kernel counts them now, ours left out. */
static uint64_t count_kernels(struct vmt_state *state)
{
	struct vmt_sketch *sketch = &state->lesson.sketch;

	vmt_sketch_clear(sketch);
	if (vmt_ask_everything(state, sketch) || sketch->out_of_memory)
		return UINT64_MAX;
	return sketch->count - state->space.own;
}

static void pause_a_moment(void)
{
	const int64_t pause[2] = { 0, PAUSE_NS };

	uint64_t start;

	if (!vmt_sys_failed(vmt_sys2(SYS_nanosleep, pause, 0)))
		return;
	start = vmt_clock();
	while (vmt_clock() - start < PAUSE_NS)
		__builtin_ia32_pause();
}

/* Nothing comes after us, so there is more time than for a call: a holder may be waiting for a processor. */
static bool seize_in_the_end(struct vmt_state *state)
{
	for (int i = 0; i < PAUSES; i++) {
		if (vmt_guard_seize(state))
			return true;
		pause_a_moment();
	}
	return false;
}

/* Calls under way without the lock: give them a moment to be counted. False: the lock was lost. */
static bool wait_until_quiet(struct vmt_state *state)
{
	for (int i = 0; i < PAUSES && !vmt_late_is_quiet(&state->late); i++) {
		vmt_guard_leave(state);
		pause_a_moment();
		if (!seize_in_the_end(state))
			return false;
	}
	return true;
}

/*
 * Another thread that was tired of waiting for the lock may map something while we look: then we look
 * again. A last look is not an answer to a call, so its questions are not counted.
 */
static bool look_for_the_last_time(struct vmt_state *state)
{
	uint64_t asked_query = state->counters.asked_query;
	uint64_t asked_maps = state->counters.asked_maps;
	uint64_t found = 0;

	for (int i = 0; i < LAST_LOOKS; i++) {
		if (!wait_until_quiet(state))
			return false;
		found = vmt_account_everything(state);
		state->counters.maps_kernel = count_kernels(state);
		if (vmt_late_is_quiet(&state->late))
			break;
	}
	if (found)
		vmt_account_unseen(state, found);
	vmt_failure_count_threads(state);
	state->counters.asked_query = asked_query;
	state->counters.asked_maps = asked_maps;
	return true;
}

static void close_books(struct vmt_state *state)
{
	for (uint32_t id = 0; id < VMT_CALL_COUNT; id++) {
		uint64_t passed = atomic_load_explicit(&state->passed[id], memory_order_relaxed);

		state->calls[id].calls += passed;
		state->counters.calls_seen += passed;
		state->counters.calls_derived += passed;	/* no map could change */
		vmt_publish_call(state, id);
	}
	vmt_allocators_publish(state);
	vmt_extend_settle(state, true);
}

/* Nobody writes behind us: the others find the books closed when they get the lock. */
static void seal(struct vmt_state *state)
{
	if (!state->recording.base)
		return;
	vmt_seal_set(&state->counters, state->recording.base);
	vmt_publish_header(state);
}

/* Returns whether a report is due. */
static bool finish(struct vmt_state *state, int status)
{
	bool locked;

	if (atomic_exchange_explicit(&state->closing, 1, memory_order_acq_rel))
		return false;	/* another thread was first */
	locked = seize_in_the_end(state) && look_for_the_last_time(state);
	if (locked)
		close_books(state);
	set_end(state, VMT_END_EXIT, status);
	if (locked)
		seal(state);
	atomic_store_explicit(&vmt_phase, VMT_PHASE_OFF, memory_order_release);
	if (locked)
		vmt_guard_leave(state);
	if ((state->is_root || state->options.children) && vmt_recording_is_gone(state))
		vmt_log(state, "the recording was removed while the program ran: nothing is left of it");
	vmt_log_marker(state, "vmatrace: done");
	return state->options.report && (state->is_root || state->options.children);
}

/* max_growth: a program that succeeded has failed all the same. */
static int judge(struct vmt_state *state, int status)
{
	const struct vmt_rec_header *had = &state->counters;
	char message[200];
	struct vmt_line line = vmt_line_in(message, sizeof(message));

	/* exit(256) is a success to whoever waits. */
	if ((status & 0xff) || !(state->is_root || state->options.children) ||
	    had->maps_now <= had->maps_start ||
	    had->maps_now - had->maps_start <= state->options.max_growth)
		return status;
	vmt_line_add(&line, "ERROR: ");
	vmt_line_add_number(&line, had->maps_now - had->maps_start);
	vmt_line_add(&line, had->maps_now - had->maps_start == 1 ? " map" : " maps");
	vmt_line_add(&line, " more than at the start, and max_growth is ");
	vmt_line_add_number(&line, state->options.max_growth);
	if (!state->options.report)
		vmt_line_add(&line, "; report=1 tells whose they are");
	vmt_log(state, message);
	return (int)state->options.exitcode;
}

int vmt_life_end(int status)
{
	struct vmt_state *state = vmt_state;

	if (!vmt_state_is_on() ||
	    !vmt_state_is_ours(state))
		return status;
	if (finish(state, status & 0xff))
		vmt_report_print(state);
	return judge(state, status);
}

/* Returns whether a report is due. */
static bool close_early(struct vmt_state *state)
{
	bool locked;

	if (atomic_exchange_explicit(&state->closing, 1, memory_order_acq_rel))
		return false;
	vmt_note(state, VMT_NOTE_SWITCHED_OFF | VMT_NOTE_BY_ADDRESS);
	locked = seize_in_the_end(state);
	if (locked)
		close_books(state);
	vmt_publish_whole_header(state);
	atomic_store_explicit(&vmt_phase, VMT_PHASE_OFF, memory_order_release);
	if (locked)
		vmt_guard_leave(state);
	return state->options.report && (state->is_root || state->options.children);
}

void vmt_life_step_aside(struct vmt_state *state)
{
	bool reports = false;

	if (vmt_state_is_on() &&
	    vmt_state_is_ours(state))
		reports = close_early(state);
	atomic_store_explicit(&vmt_phase, VMT_PHASE_OFF, memory_order_release);
	if (reports)
		vmt_report_print(state);
	vmt_bus_close(state);
	vmt_filter_set_allowed(0);
	vmt_home_step_aside();
}

void vmt_before_leaving(void)
{
	struct vmt_state *state = vmt_state;

	if (!vmt_state_is_on() ||
	    !vmt_state_is_ours(state))
		return;
	vmt_mapsfile_keep(state);
	vmt_recording_keep(state);
	vmt_log_keep(state);
}

void vmt_error_closes(const struct vmt_regs *regs)
{
	struct vmt_state *state = vmt_state;

	if (vmt_state_is_on() &&
	    (state->is_root || state->options.children))
		vmt_log_error_closes(state, regs);
}
