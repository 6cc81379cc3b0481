/* SPDX-License-Identifier: MIT */
/* Turns the state inherited from the parent into the child's own; see fork.h. */
#include "process/fork.h"
#include "process/refused.h"

#include <sys/auxv.h>
#include <sys/syscall.h>

#include "core/vma/merge_rules.h"
#include "filter/filter.h"
#include "kernel/ask.h"
#include "kernel/confidence.h"
#include "kernel/file_id.h"
#include "kernel/mapsfile.h"
#include "os/auxv.h"
#include "os/sys.h"
#include "own/log.h"
#include "own/memory.h"
#include "safety/bus.h"
#include "store/lost.h"
#include "store/publish.h"
#include "store/recording.h"
#include "store/timeline.h"
#include "trace/account.h"
#include "trace/guard.h"
#include "trace/allocations.h"
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

/* What there was at the fork. */
struct inherited {
	struct vmt_recording recording;
	struct vmt_growth growth;
	struct vmt_fd file;
	uint32_t pid;
	bool is_whole; /* the table is the kernel's */
};

static void drop(struct vmt_state *state, uint64_t start, uint64_t length)
{
	vmt_memory_disown(state, (const void *)(uintptr_t)start);
	vmt_sys2(SYS_munmap, start, length);
}

/* The parent's recording is mapped shared: copy its strings and stacks, then leave it. */
static void leave_parents_recording(struct vmt_state *state, const struct inherited *parents,
				    bool wants_own)
{
	const unsigned char *base = parents->recording.base;
	const struct vmt_growth *growth = &parents->growth;
	const struct vmt_rec_section strings = state->counters.section[VMT_SECTION_STRINGS];
	const struct vmt_rec_section frames = state->counters.section[VMT_SECTION_FRAMES];
	int error = 0;

	if (!base)
		return;
	vmt_fd_close(&state->recording_file.fd);
	state->recording.base = NULL;
	if (wants_own)
		error = vmt_publish_open(state);
	if (error) {
		state->recording_file.error = error;
		vmt_lost_leave(state, vmt_lost_why(error));
	} else if (wants_own) {
		vmt_memory_own(state, state->recording.base, state->recording.size);
		copy_section(state, base, VMT_SECTION_STRINGS, strings);
		copy_section(state, base, VMT_SECTION_FRAMES, frames);
	}
	drop(state, (uint64_t)(uintptr_t)base, parents->recording.size);
	/* it was being extended during the fork */
	for (unsigned i = 0; i < growth->map_count; i++)
		drop(state, growth->map[i].start, growth->map[i].length);
}

static void clear_sites(struct vmt_state *state)
{
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

static void clear_counters(struct vmt_state *state, bool is_in_same_namespace)
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
		.tunables = was.tunables,
		.doors = was.doors,
		.notes = was.notes,
		.maps_limit = was.maps_limit,
		.pid_namespace = is_in_same_namespace ? was.pid_namespace : 0,
	};
	for (unsigned i = 0; i < VMT_SECTION_COUNT; i++)
		header->section[i] = was.section[i];
	state->publish.mark_epoch = 0;
	state->publish.is_ending = state->ending.has_exited = state->ending.is_again = false;
	state->alarms.said = 0;
	for (unsigned i = 0; i < VMT_CALL_COUNT; i++) {
		state->calls[i] = (struct vmt_rec_counters){ 0 };
		VMT_RESET(state->passed[i], 0);
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
	VMT_RESET(state->reporting.printing, 0);
	state->reporting.earlier = 0;
	vmt_deferred_reset(&state->deferred);
	vmt_file_id_forget(state);
	vmt_last_forget();
}

/*
 * Is the copy of the table as the kernel's maps were when they were copied? The thread that forked
 * held the lock. No call can have changed maps while they were being copied. The child sees the
 * earlier stores of other threads in the order in which these threads made them.
 */
static bool is_whole(struct vmt_state *state)
{
	return atomic_load_explicit(&state->lock.owner, memory_order_relaxed) &&
	       state->process.is_forking &&
	       atomic_load_explicit(&state->dirty, memory_order_relaxed) == VMT_DIRTY_NOT &&
	       !state->kernel.may_leave_maps && !state->confidence.no_deriving &&
	       !state->counters.unseen && !state->counters.relearned &&
	       vmt_confidence_may_reason(state);
}

static bool is_in_table_as(const struct vmt_state *state, uint64_t start, const struct vmt_fd *file)
{
	const struct vmt_map *map = vmt_space_at(&state->space, start);

	return map && (map->vma.flags & VMT_MAP_OWN) && map->vma.inode == file->inode &&
	       map->vma.dev == vmt_file_id_dev(file->device);
}

/*
 * Put the child's recording into the table without asking. The parent's shows whether fstat and the
 * list of maps name files of this device alike.
 */
static bool note_recording(struct vmt_state *state, const struct vmt_recording *recording,
			   const struct inherited *parents)
{
	const struct vmt_fd *file = &state->recording_file.fd;
	const struct vmt_vma vma = {
		.start = (uint64_t)(uintptr_t)recording->base,
		.end = (uint64_t)(uintptr_t)recording->base + recording->size,
		.inode = file->inode,
		.dev = vmt_file_id_dev(file->device),
		.flags = VMT_MAP_READ | VMT_MAP_WRITE | VMT_MAP_SHARED | VMT_MAP_OWN,
	};

	if (!recording->base)
		return true;
	return file->inode && file->device == parents->file.device &&
	       is_in_table_as(state, (uint64_t)(uintptr_t)parents->recording.base,
			      &parents->file) &&
	       vmt_space_insert(&state->space, &vma, VMT_SITE_STARTUP, VMT_SITE_STARTUP, 0);
}

static void forget_map(struct vmt_state *state, uint64_t start)
{
	struct vmt_map *map = vmt_space_at(&state->space, start);

	if (map)
		vmt_space_remove(&state->space, map);
}

/* The only maps that are not the parent's are those of recordings. Returns whether that is sure. */
static bool take_over(struct vmt_state *state, const struct vmt_recording *own,
		      const struct inherited *parents)
{
	if (!parents->is_whole || !note_recording(state, own, parents))
		return false;
	vmt_merge_rules_forget(&state->space); /* fork has changed hidden attributes */
	if (parents->recording.base)
		forget_map(state, (uint64_t)(uintptr_t)parents->recording.base);
	for (unsigned i = 0; i < parents->growth.map_count; i++)
		forget_map(state, parents->growth.map[i].start);
	return true;
}

/*
 * Maps with MADV_DONTFORK are missing here, and nothing else is: remove them from the table,
 * without counting that.
 */
static void learn_inherited(struct vmt_state *state, const struct inherited *parents)
{
	const struct vmt_recording own = state->recording;

	state->recording.base = NULL; /* the parent's slots must not be written to */
	if (!take_over(state, &own, parents)) {
		if (atomic_load_explicit(&state->dirty, memory_order_relaxed) != VMT_DIRTY_NOT)
			vmt_rebuild(state);
		vmt_rebuild_inherited(state);
	}
	state->recording = own;
}

/* The pid by which a process of another pid namespace sees its parent is 0. */
static void start_own_counts(struct vmt_state *state, uint32_t parents_pid)
{
	clear_counters(state, state->process.parent_pid == parents_pid);
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

static void take_lost(struct vmt_state *state)
{
	uint32_t lost = atomic_exchange(&state->own.alive_page->lost, 0);

	while (lost--)
		vmt_deferred_lose(&state->deferred);
}

/*
 * start_child() forgets what was deferred before it says that the child is alive. So a call that was
 * lost earlier is left to it.
 */
void vmt_fork_lose_call(struct vmt_state *state)
{
	atomic_fetch_add(&state->own.alive_page->lost, 1);
	if (*vmt_alive == VMT_ALIVE)
		take_lost(state);
}

static void start_child(struct vmt_state *state)
{
	bool reports = state->options.children;
	const struct inherited parents = { state->recording, state->growth,
					   state->recording_file.fd, state->process.pid,
					   is_whole(state) };
	long pid;

	vmt_filter_start_child();
	pid = vmt_sys0(SYS_getpid);
	if (vmt_sys_failed(pid)) { /* refused by a seccomp filter: nothing can be found out */
		atomic_store_explicit(&vmt_phase, VMT_PHASE_OFF, memory_order_release);
		return;
	}
	state->process.pid = (uint32_t)pid;
	forget_parents_threads(state);
	vmt_refused_start_child();
	state->process.parent_pid = (uint32_t)vmt_sys0(SYS_getppid);
	state->process.is_root = false;
	state->process.is_forking = false;
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
	if (!parents.is_whole)
		vmt_ask_open(state);
	leave_parents_recording(state, &parents, reports || state->options.dir[0]);
	if (!state->recording.base || !state->recording.is_file)
		vmt_bus_close(state);
	learn_inherited(state, &parents);
	start_own_counts(state, parents.pid);
	/* Otherwise nobody reads the counts of sites: their pages are left to the parent. */
	if (state->recording.base) {
		clear_sites(state);
		publish_everything(state);
	}
	vmt_allocations_start_child(state);
	take_lost(state);
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

void vmt_fork_note_child(const struct vmt_state *state)
{
	long pid = vmt_sys0(SYS_getpid);

	if (!vmt_sys_failed(pid))
		state->own.alive_page->pid = (uint32_t)pid;
}

/* A program that did not begin as root has nothing to give up. */
void vmt_fork_before_leaving(struct vmt_state *state)
{
	uint32_t pid = state->own.alive_page->pid;

	if (pid && *vmt_alive != VMT_ALIVE && !vmt_auxv(AT_EUID) && vmt_sys0(SYS_getpid) == pid)
		vmt_fork_start_child(state);
}
