/* SPDX-License-Identifier: MIT */
/* Turns the state inherited from the parent into the child's own; see fork.h. */
#include "process/fork.h"

#include <sys/syscall.h>

#include "filter/filter.h"
#include "kernel/ask.h"
#include "kernel/mapsfile.h"
#include "os/sys.h"
#include "own/log.h"
#include "own/memory.h"
#include "safety/bus.h"
#include "store/publish.h"
#include "store/recording.h"
#include "store/timeline.h"
#include "trace/account.h"
#include "trace/guard.h"
#include "trace/malloc_section.h"
#include "trace/rebuild.h"

/* how often it yields: long enough for two system calls of the other thread */
#define STARTER_TURNS 2000u

/* The parent's section as it was at the fork; the parent may have added to it since. */
static void copy_section(struct vmt_state *state, const unsigned char *parents_base,
			 enum vmt_section_id id, struct vmt_rec_section was)
{
	if (was.used)
		vmt_recording_append(state, id, parents_base + was.offset, was.used);
}

/* The parent's recording is mapped shared: copy its strings and stacks, then leave it. */
static void leave_parents_recording(struct vmt_state *state, bool wants_own)
{
	const struct vmt_recording parents = state->recording;
	const struct vmt_growth growth = state->growth;
	const struct vmt_rec_section strings = state->counters.section[VMT_SECTION_STRINGS];
	const struct vmt_rec_section frames = state->counters.section[VMT_SECTION_FRAMES];

	if (!parents.base)
		return;
	vmt_fd_close(&state->recording_file.fd);
	state->recording.base = NULL;
	if (wants_own && vmt_publish_open(state) == 0) {
		vmt_memory_own(state, state->recording.base, state->recording.size);
		copy_section(state, parents.base, VMT_SECTION_STRINGS, strings);
		copy_section(state, parents.base, VMT_SECTION_FRAMES, frames);
	}
	vmt_memory_disown(state, parents.base);
	vmt_sys2(SYS_munmap, parents.base, parents.size);
	/* it was being extended during the fork */
	for (unsigned i = 0; i < growth.map_count; i++) {
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
		.pid_namespace = was.pid_namespace,
	};
	for (unsigned i = 0; i < VMT_SECTION_COUNT; i++)
		header->section[i] = was.section[i];
	state->publish.mark_epoch = 0;
	state->alarms.said = 0;
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
		site->time_row = 0;
	}
}

/*
 * Whether the stack was taken over whole. The parent gives the place that its section had before
 * it grew back after a second, and a child that was stopped for so long has read zeros there.
 */
static bool has_stack(struct vmt_state *state, const struct vmt_site *site)
{
	const struct vmt_rec_frame *frames;

	if (site->frame_first == VMT_NO_INDEX ||
	    (uint64_t)site->frame_first + site->frame_count >
		    state->counters.section[VMT_SECTION_FRAMES].used)
		return false;
	frames = vmt_recording_element(state, VMT_SECTION_FRAMES, site->frame_first,
				       site->frame_count);
	return frames && vmt_callsites_is_stack(site, frames);
}

static void publish_sites(struct vmt_state *state)
{
	for (uint32_t id = 0; id < state->sites.count; id++) {
		struct vmt_site *site = state->sites.by_id[id];

		if (!has_stack(state, site))
			site->frame_first = VMT_NO_INDEX;
		vmt_publish_new_site(state, site);
		vmt_publish_site(state, site);
	}
}

static void publish_everything(struct vmt_state *state)
{
	for (uint32_t i = 0; i < state->modules.count; i++)
		vmt_publish_module(state, i);
	publish_sites(state);
	for (struct vmt_map *map = vmt_space_first(&state->space); map; map = vmt_space_next(map)) {
		map->slot = VMT_NO_INDEX;
		vmt_publish_range(state, map);
	}
	vmt_timeline_tick(state, 0);
	vmt_publish_whole_header(state);
}

/*
 * The parent's threads do not exist here: its lock, its calls under way and its deferred calls do
 * not concern the child.
 */
static void forget_parents_threads(struct vmt_state *state)
{
	vmt_guard_enter_alone(state); /* a signal handler may run before the table is ready */
	atomic_store_explicit(&state->process.closing, 0, memory_order_relaxed);
	atomic_store_explicit(&state->alarms.due, 0, memory_order_relaxed);
	atomic_store_explicit(&state->alarms.reporting_limit, 0, memory_order_relaxed);
	atomic_store_explicit(&state->reporting.printing, 0, memory_order_relaxed);
	vmt_deferred_reset(&state->deferred);
	vmt_last_forget();
}

/*
 * Maps with MADV_DONTFORK are missing here, and nothing else is: remove them from the table,
 * without counting that.
 */
static void learn_inherited(struct vmt_state *state)
{
	struct vmt_recording recording = state->recording;

	state->recording.base = NULL; /* the parent's slots must not be written to */
	if (atomic_load_explicit(&state->dirty, memory_order_relaxed) != VMT_DIRTY_NOT)
		vmt_rebuild(state);
	vmt_rebuild_inherited(state);
	state->recording = recording;
}

static void start_own_counts(struct vmt_state *state)
{
	clear_counters(state);
	vmt_publish_describe(state);
	vmt_account_begin(state);
}

/* The lock cannot be used yet: its state is the parent's. */
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
	if (vmt_sys_failed(pid)) { /* refused by a seccomp filter: nothing can be found out */
		atomic_store_explicit(&vmt_phase, VMT_PHASE_OFF, memory_order_release);
		return;
	}
	state->process.pid = (uint32_t)pid;
	forget_parents_threads(state);
	state->process.parent_pid = (uint32_t)vmt_sys0(SYS_getppid);
	state->process.is_root = false;
	*vmt_alive = VMT_ALIVE; /* from here on other threads find the lock taken */
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
	vmt_malloc_section_start_child(state);
	vmt_guard_leave(state);
}

bool vmt_fork_start_child(struct vmt_state *state)
{
	uint32_t wiped = VMT_ALIVE_WIPED;

	if (!atomic_compare_exchange_strong(vmt_alive, &wiped, VMT_ALIVE_STARTING))
		return wait_for_starter();
	start_child(state);
	return true;
}
