/* SPDX-License-Identifier: MIT */
/*
 * The file is opened again by its name to be extended. Mapping more of it needs no descriptor: an
 * mremap with an old length of 0 makes another map of the same pages. See extend.h.
 */
#include "store/extend.h"

#include <fcntl.h>
#include <linux/errno.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include "os/fd.h"
#include "os/signals.h"
#include "own/memory.h"
#include "store/recording.h"

#define MAP_FACTOR 4u
#define READER_NS  UINT64_C(1000000000) /* no reader still uses an older header after this time */

static int lengthen(struct vmt_state *state, uint64_t length)
{
	struct vmt_recording *recording = &state->recording;
	struct vmt_signals signals;
	long ret;
	int fd;

	if (length <= recording->length)
		return 0;
	if (!vmt_recording_may_be(length))
		return -EFBIG;
	signals = vmt_signals_hold();
	fd = vmt_recording_descriptor(state);
	ret = fd < 0 ? fd : vmt_sys2(SYS_ftruncate, fd, length);
	vmt_recording_put_back(state, fd);
	vmt_signals_release(&signals);
	if (!ret)
		recording->length = length;
	return (int)ret;
}

/*
 * Few and large steps: where an older map was, the program's next maps may lie, and merge with what
 * is beside them.
 */
static uint64_t size_to_map(const struct vmt_recording *recording, uint64_t size)
{
	uint64_t larger = recording->size;

	while (larger < size)
		larger *= MAP_FACTOR;
	return !recording->is_file || vmt_recording_may_be(larger) ? larger : vmt_page_up(size);
}

int vmt_extend_map(struct vmt_state *state, uint64_t size)
{
	struct vmt_recording *recording = &state->recording;
	uint64_t larger;
	long ret;

	if (size <= recording->size)
		return lengthen(state, size);
	if (state->growth.map_count == VMT_OUTGROWN_MAX)
		return -ENOMEM;
	larger = size_to_map(recording, size);
	/* A program that reads all its writable maps must find a file behind each page. */
	ret = lengthen(state, recording->is_file ? larger : size);
	if (ret)
		return (int)ret;
	ret = vmt_sys4(SYS_mremap, recording->base, 0, larger, MREMAP_MAYMOVE);
	if (vmt_sys_failed(ret))
		return (int)ret;
	vmt_memory_own(state, (const void *)ret, larger);
	state->growth.map[state->growth.map_count++] =
		(struct vmt_outgrown){ (uint64_t)(uintptr_t)recording->base, recording->size };
	recording->base = (unsigned char *)ret;
	recording->header = (struct vmt_rec_header *)ret;
	recording->size = larger;
	state->publish.bucket_end = 0;
	state->room_is_due = true;
	if (recording->is_file)
		vmt_sys3(SYS_madvise, recording->base, larger, MADV_RANDOM);
	return 0;
}

static void note_part(struct vmt_state *state, uint64_t offset, uint64_t length)
{
	if (state->growth.part_count == VMT_OUTGROWN_PARTS)
		return; /* the list is full: the part's blocks stay allocated */
	state->growth.part[state->growth.part_count++] = (struct vmt_outgrown){ offset, length };
	state->growth.time = vmt_clock_since_start(state);
	state->room_is_due = true;
}

/*
 * The order of these stores makes the header valid at each step, so that a kill here does no harm:
 * the elements in use are at both places, and there is room for them.
 */
static void publish_place(struct vmt_state *state, enum vmt_section_id id)
{
	const struct vmt_rec_section *from = &state->counters.section[id];
	struct vmt_rec_header *header = state->recording.header;
	struct vmt_rec_section *to = &header->section[id];

	vmt_recording_begin(state, &header->seq);
	__atomic_store_n(&to->offset, from->offset, __ATOMIC_RELEASE);
	vmt_recording_kill_point(state);
	__atomic_store_n(&to->capacity, from->capacity, __ATOMIC_RELEASE);
	vmt_recording_kill_point(state);
	header->file_size = state->counters.file_size;
	vmt_recording_end(state, &header->seq);
}

static int move(struct vmt_state *state, enum vmt_section_id id, uint64_t offset)
{
	struct vmt_rec_section *section = &state->counters.section[id];
	struct vmt_recording *recording = &state->recording;
	uint64_t bytes = section->used * section->size;
	int ret = bytes ? vmt_recording_allocate(state, offset, bytes) : 0;

	if (ret)
		return ret;
	__builtin_memcpy(recording->base + offset, recording->base + section->offset, bytes);
	note_part(state, section->offset, section->capacity * section->size);
	section->offset = offset;
	recording->ready[id] = bytes;
	return 0;
}

static int make_room(struct vmt_state *state, enum vmt_section_id id, uint64_t capacity)
{
	struct vmt_rec_section *section = &state->counters.section[id];
	uint64_t end = section->offset + section->capacity * section->size;
	bool is_last = vmt_page_up(end) == state->counters.file_size;
	uint64_t offset = is_last ? section->offset : state->counters.file_size;
	uint64_t file_size = vmt_page_up(offset + capacity * section->size);
	int ret = vmt_extend_map(state, file_size);

	if (!ret && !is_last)
		ret = move(state, id, offset);
	if (ret)
		return ret;
	section->capacity = capacity;
	state->counters.file_size = file_size;
	publish_place(state, id);
	return 0;
}

/* A section that cannot grow is not tried again; otherwise every call would try. */
static void note_failure(struct vmt_state *state, enum vmt_section_id id, int error)
{
	state->recording.full |= UINT32_C(1) << id;
	if (error != -ENOSPC && error != -EDQUOT) {
		vmt_state_note(state, VMT_NOTE_NOT_LONGER);
		return;
	}
	vmt_state_note(state, VMT_NOTE_DISK_FULL);
	vmt_state_raise(state, VMT_ALARM_DISK);
}

bool vmt_extend_section(struct vmt_state *state, enum vmt_section_id id, uint64_t count)
{
	const struct vmt_rec_section *section = &state->counters.section[id];
	const struct vmt_recording *recording = &state->recording;
	uint64_t capacity = 2 * section->capacity > count ? 2 * section->capacity : count;
	int ret;

	if (count > state->growth.most[id] || (recording->full >> id & 1) ||
	    !vmt_recording_may_grow())
		return false;
	if (capacity > state->growth.most[id])
		capacity = state->growth.most[id];
	ret = make_room(state, id, capacity);
	if (ret)
		note_failure(state, id, ret);
	return ret == 0;
}

static void drop_old_maps(struct vmt_state *state)
{
	while (state->growth.map_count) {
		const struct vmt_outgrown *old = &state->growth.map[--state->growth.map_count];

		vmt_memory_drop(state, (void *)(uintptr_t)old->start, old->length);
	}
}

/* Punch a hole for the part, except for pages that other sections share. */
static void punch(const struct vmt_recording *recording, const struct vmt_outgrown *part)
{
	uint64_t start = vmt_page_up(part->start);
	uint64_t end = vmt_page_down(part->start + part->length);

	if (start < end)
		vmt_sys3(SYS_madvise, recording->base + start, end - start, MADV_REMOVE);
}

bool vmt_extend_settle(struct vmt_state *state, bool is_last)
{
	struct vmt_recording *recording = &state->recording;

	if (!recording->base || !vmt_recording_may_grow())
		return false;
	drop_old_maps(state);
	if (!is_last && state->growth.part_count &&
	    vmt_clock_since_start(state) - state->growth.time < READER_NS)
		return true;
	while (state->growth.part_count)
		punch(recording, &state->growth.part[--state->growth.part_count]);
	return false;
}
