/* SPDX-License-Identifier: MIT */
/*
 * Each record that changes is written between two increments of its sequence word. A reader at any
 * moment, even after we were killed at any moment, thus knows which records to skip. This file
 * decides which records there are and when they change; recording.c decides where they lie.
 */
#include "store/publish.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "store/recording.h"
#include "store/timeline.h"

int vmt_publish_open(struct vmt_state *state)
{
	int ret = vmt_recording_open(state);

	if (!ret)
		vmt_publish_reset_ranges(state);
	return ret;
}

struct vmt_rec_string vmt_publish_string(struct vmt_state *state, const char *bytes, size_t length)
{
	uint64_t offset = state->counters.section[VMT_SECTION_STRINGS].used;

	if (length == 0 || !vmt_recording_append(state, VMT_SECTION_STRINGS, bytes, length))
		return (struct vmt_rec_string){ 0, 0 };
	return (struct vmt_rec_string){ (uint32_t)offset, (uint32_t)length };
}

void vmt_publish_module(struct vmt_state *state, uint32_t index)
{
	struct vmt_rec_module *to = vmt_recording_element(state, VMT_SECTION_MODULES, index, 1);

	if (to)
		*to = state->modules.item[index];
}

static struct vmt_rec_site *site_record(struct vmt_state *state, const struct vmt_site *site)
{
	struct vmt_rec_site *to = vmt_recording_element(state, VMT_SECTION_SITES, site->id, 1);

	if (!to && state->recording.base)
		vmt_state_note(state, VMT_NOTE_SITES_FULL);
	return to;
}

void vmt_publish_frames(struct vmt_state *state, struct vmt_site *site,
			const struct vmt_rec_frame *frames)
{
	uint64_t first = state->counters.section[VMT_SECTION_FRAMES].used;

	if (site->frame_count &&
	    vmt_recording_append(state, VMT_SECTION_FRAMES, frames, site->frame_count))
		site->frame_first = (uint32_t)first;
}

/*
 * Written once for each site, before its counters: at this time the live maps of a fork child's
 * site are those inherited from its parent.
 */
void vmt_publish_new_site(struct vmt_state *state, const struct vmt_site *site)
{
	struct vmt_rec_site *to = site_record(state, site);
	bool has_frames = site->frame_first != VMT_NO_INDEX;

	if (!to)
		return;
	vmt_recording_begin(state, &to->seq);
	to->flags = site->flags | (site->frame_count && !has_frames ? VMT_SITE_TRUNCATED : 0);
	to->call = site->call;
	to->frame_count = has_frames ? site->frame_count : 0;
	to->frame_first = has_frames ? site->frame_first : 0;
	to->asked = site->asked;
	to->inherited = site->live;
	vmt_recording_end(state, &to->seq);
}

void vmt_publish_site_of_free(struct vmt_state *state, struct vmt_site *site)
{
	struct vmt_rec_site *to;

	if (site->id < VMT_SITE_FIRST || site->flags & (VMT_SITE_LOST | VMT_SITE_OF_FREE))
		return;
	site->flags |= VMT_SITE_OF_FREE;
	to = site_record(state, site);
	if (!to)
		return;
	vmt_recording_begin(state, &to->seq);
	to->flags |= VMT_SITE_OF_FREE;
	vmt_recording_end(state, &to->seq);
}

static inline void write_site(struct vmt_state *state, const struct vmt_site *site)
{
	struct vmt_rec_site *to = site_record(state, site);

	if (!to)
		return;
	vmt_recording_begin(state, &to->seq);
	to->counters = site->counters;
	vmt_recording_kill_point(state);
	to->live = site->live;
	to->live_at_peak = site->live_at_peak;
	to->peak_epoch = site->peak_epoch;
	vmt_recording_end(state, &to->seq);
}

static inline void write_call(struct vmt_state *state, uint32_t call)
{
	struct vmt_rec_counters *to = vmt_recording_element(state, VMT_SECTION_CALLS, call, 1);

	vmt_recording_kill_point(state);
	if (to)
		*to = state->calls[call];
}

VMT_HOT void vmt_publish_site(struct vmt_state *state, const struct vmt_site *site)
{
	write_site(state, site);
}

void vmt_publish_call(struct vmt_state *state, uint32_t call)
{
	write_call(state, call);
}

/*
 * A map that comes where another one has just gone takes that slot, without the list of free slots.
 */
static uint32_t take_slot(struct vmt_state *state)
{
	struct vmt_recording *recording = &state->recording;
	uint32_t slot = recording->free_slot;

	recording->free_slot = VMT_NO_INDEX;
	if (VMT_LIKELY(slot != VMT_NO_INDEX))
		return slot;
	if (recording->free_count)
		return recording->free_slots[--recording->free_count];
	return recording->new_slot < state->growth.most[VMT_SECTION_RANGES] ?
		       recording->new_slot++ :
		       VMT_NO_INDEX;
}

static void give_slot(struct vmt_recording *recording, uint32_t slot)
{
	if (recording->free_slot != VMT_NO_INDEX)
		recording->free_slots[recording->free_count++] = recording->free_slot;
	recording->free_slot = slot;
}

VMT_HOT void vmt_publish_range(struct vmt_state *state, struct vmt_map *map)
{
	struct vmt_rec_range *to;

	if (!state->recording.base)
		return;
	if (map->slot == VMT_NO_INDEX)
		map->slot = take_slot(state);
	to = map->slot == VMT_NO_INDEX ?
		     NULL :
		     vmt_recording_element(state, VMT_SECTION_RANGES, map->slot, 1);
	if (!to) {
		vmt_state_note(state, VMT_NOTE_RANGES_FULL);
		return;
	}
	vmt_recording_begin(state, &to->seq);
	to->flags = (map->vma.flags & VMT_MAP_STORED) | VMT_MAP_USED;
	vmt_recording_kill_point(state);
	to->mapped_by = map->mapped_by;
	to->put_by = map->put_by;
	to->start = map->vma.start;
	to->end = map->vma.end;
	to->offset = map->vma.offset;
	to->inode = map->vma.inode;
	to->dev_major = vmt_vma_dev_major(map->vma.dev);
	to->dev_minor = vmt_vma_dev_minor(map->vma.dev);
	to->time = map->time;
	vmt_recording_end(state, &to->seq);
}

void vmt_publish_attributes(struct vmt_state *state, struct vmt_map *map, uint32_t flags)
{
	struct vmt_rec_range *to =
		map->slot == VMT_NO_INDEX ?
			NULL :
			vmt_recording_element(state, VMT_SECTION_RANGES, map->slot, 1);

	if (!to)
		return;
	vmt_recording_begin(state, &to->seq);
	to->flags |= flags;
	vmt_recording_end(state, &to->seq);
}

VMT_HOT void vmt_publish_range_gone(struct vmt_state *state, struct vmt_map *map)
{
	struct vmt_recording *recording = &state->recording;
	struct vmt_rec_range *to;

	if (!recording->base || map->slot == VMT_NO_INDEX)
		return;
	to = vmt_recording_element(state, VMT_SECTION_RANGES, map->slot, 1);
	if (to) {
		vmt_recording_begin(state, &to->seq);
		to->flags = 0;
		vmt_recording_end(state, &to->seq);
	}
	give_slot(recording, map->slot);
	map->slot = VMT_NO_INDEX;
}

void vmt_publish_reset_ranges(struct vmt_state *state)
{
	struct vmt_recording *recording = &state->recording;
	uint64_t used = state->counters.section[VMT_SECTION_RANGES].used;

	for (uint64_t slot = 0; slot < used; slot++) {
		struct vmt_rec_range *range =
			vmt_recording_element(state, VMT_SECTION_RANGES, slot, 1);

		if (range)
			*range = (struct vmt_rec_range){ .seq = (range->seq | 1) + 1 };
	}
	recording->new_slot = 0;
	recording->free_count = 0;
	recording->free_slot = VMT_NO_INDEX;
}

/* The fields from seq on change while the program runs; those before it are written once. */
void vmt_publish_header(struct vmt_state *state)
{
	struct vmt_rec_header *to = state->recording.header;
	struct vmt_rec_header *from = &state->counters;
	const size_t first = offsetof(struct vmt_rec_header, end);
	const size_t last = offsetof(struct vmt_rec_header, section);

	if (!state->recording.base)
		return;
	state->publish.header_is_behind = false;
	vmt_recording_begin(state, &to->seq);
	__builtin_memcpy((char *)to + first, (char *)from + first, last - first);
	vmt_recording_end(state, &to->seq);
}

/*
 * Write the fields of the header that a call without questions changes, or all of them if others
 * have changed.
 */
static inline void write_counts(struct vmt_state *state)
{
	struct vmt_rec_header *to = state->recording.header;
	const struct vmt_rec_header *from = &state->counters;

	if (VMT_UNLIKELY(state->publish.header_is_behind || !state->recording.base)) {
		vmt_publish_header(state);
		return;
	}
	vmt_recording_begin(state, &to->seq);
	to->maps_now = from->maps_now;
	to->maps_peak = from->maps_peak;
	to->maps_peak_time = from->maps_peak_time;
	vmt_recording_kill_point(state);
	to->maps_own = from->maps_own;
	to->peak_epoch = from->peak_epoch;
	to->calls_seen = from->calls_seen;
	to->calls_derived = from->calls_derived;
	if (VMT_UNLIKELY(state->publish.files_are_behind))
		to->asked_files = from->asked_files;
	vmt_recording_end(state, &to->seq);
	state->publish.files_are_behind = false;
}

uint64_t vmt_publish_rare_sum(const struct vmt_state *state)
{
	const struct vmt_rec_header *counters = &state->counters;

	return counters->asked_query + counters->asked_probe + counters->asked_maps +
	       counters->unseen + counters->lost + counters->relearned + counters->deferred;
}

VMT_HOT void vmt_publish_done(struct vmt_state *state, const struct vmt_site *site)
{
	write_site(state, site);
	write_call(state, site->call);
	write_counts(state);
}

/* A pid means another process in each namespace. */
static uint32_t pid_namespace(void)
{
	struct stat st;

	return vmt_sys_failed(vmt_sys4(SYS_newfstatat, AT_FDCWD, "/proc/self/ns/pid", &st, 0)) ?
		       0 :
		       (uint32_t)st.st_ino;
}

void vmt_publish_describe(struct vmt_state *state)
{
	struct vmt_rec_header *header = &state->counters;

	__builtin_memcpy(header->magic, VMT_RECORD_MAGIC, sizeof(header->magic));
	header->version = VMT_RECORD_VERSION;
	header->endian = VMT_RECORD_ENDIAN;
	header->header_size = sizeof(*header);
	header->section_count = VMT_SECTION_COUNT;
	header->page_size = (uint32_t)VMT_PAGE_SIZE;
	header->pid = state->process.pid;
	header->parent_pid = state->process.parent_pid;
	if (!header->pid_namespace)
		header->pid_namespace = pid_namespace();
	header->start_realtime = vmt_clock_wall();
	header->start_monotonic = vmt_clock();
	header->bucket_ns = VMT_TIMELINE_NS;
	header->maps_kernel = UINT64_MAX;
	state->process.start_ns = header->start_monotonic;
}

int vmt_publish_whole_header(struct vmt_state *state)
{
	vmt_recording_kill_point(state);
	if (state->recording.base)
		*state->recording.header = state->counters;
	vmt_recording_kill_point(state);
	return vmt_recording_name(state);
}

bool vmt_publish_failures_full(const struct vmt_state *state)
{
	const struct vmt_rec_section *section = &state->counters.section[VMT_SECTION_FAILURES];

	return section->used == state->growth.most[VMT_SECTION_FAILURES];
}

void vmt_publish_failure(struct vmt_state *state, const struct vmt_rec_failure *failure)
{
	vmt_recording_append(state, VMT_SECTION_FAILURES, failure, 1);
}

void vmt_publish_mark(struct vmt_state *state, const char *name, size_t length)
{
	const struct vmt_rec_mark mark = {
		.time = vmt_clock_since_start(state),
		.maps = state->counters.maps_now,
		.name = vmt_publish_string(state, name, length),
		.epoch = state->publish.mark_epoch / VMT_EPOCHS_OF_MARK + 1,
	};

	state->publish.mark_epoch += VMT_EPOCHS_OF_MARK;
	vmt_recording_append(state, VMT_SECTION_MARKS, &mark, 1);
}

/* What sites had when the end seemed to begin before is of no use. */
static void forget_beginning(struct vmt_state *state)
{
	for (uint32_t id = 0; id < state->sites.count; id++) {
		struct vmt_rec_site *to = site_record(state, state->sites.by_id[id]);

		if (to)
			to->flags &= ~VMT_SITE_CHANGED;
	}
}

void vmt_publish_begin_end(struct vmt_state *state)
{
	uint32_t times = state->publish.mark_epoch % VMT_EPOCHS_OF_MARK;

	state->publish.header_is_behind = true;
	if (times)
		forget_beginning(state);
	/* Of a program that ends its runtimes again and again, no more is known. */
	if (times == VMT_EPOCHS_OF_MARK - 1) {
		state->counters.maps_before_end = 0;
		return;
	}
	state->publish.mark_epoch++;
	state->counters.maps_before_end = (uint32_t)state->counters.maps_now;
}

static void write_before_end(struct vmt_state *state, const struct vmt_site *site)
{
	struct vmt_rec_site *to = site_record(state, site);

	if (!to)
		return;
	vmt_recording_begin(state, &to->seq);
	to->before_end = (uint32_t)site->live;
	to->flags |= VMT_SITE_CHANGED;
	vmt_recording_end(state, &to->seq);
}

static void write_mark_value(struct vmt_state *state, const struct vmt_site *site)
{
	const struct vmt_rec_counters *had = &site->counters;
	const struct vmt_rec_mark_value value = {
		.site = site->id,
		.epoch = state->publish.mark_epoch / VMT_EPOCHS_OF_MARK,
		.live = site->live,
		.net = (int64_t)(had->created + had->split - had->merged - had->removed),
		.calls = had->calls,
	};

	vmt_recording_append(state, VMT_SECTION_MARK_VALUES, &value, 1);
}

static void write_values(struct vmt_state *state, struct vmt_site *site)
{
	uint32_t epoch = state->publish.mark_epoch;

	if (site->mark_epoch / VMT_EPOCHS_OF_MARK != epoch / VMT_EPOCHS_OF_MARK)
		write_mark_value(state, site);
	if (site->mark_epoch % VMT_EPOCHS_OF_MARK != epoch % VMT_EPOCHS_OF_MARK)
		write_before_end(state, site);
	site->mark_epoch = epoch;
}

inline void vmt_publish_at_mark(struct vmt_state *state, struct vmt_site *site)
{
	if (VMT_UNLIKELY(site->mark_epoch != state->publish.mark_epoch))
		write_values(state, site);
}
