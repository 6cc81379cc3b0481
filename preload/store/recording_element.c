/* SPDX-License-Identifier: MIT */
/*
 * Elements of sections: the blocks behind them, and how many of them are in use. A section without
 * room for more is extended. See recording.h.
 */
#include "store/extend.h"
#include "store/recording.h"

#define BLOCK_STEP (UINT64_C(256) * 1024) /* the largest step */

/*
 * Allocate blocks in steps that grow with the section, as long as a step fits; then only what is
 * needed, to the last block.
 */
static bool make_ready(struct vmt_state *state, enum vmt_section_id id, uint64_t need)
{
	const struct vmt_rec_section *section = &state->counters.section[id];
	struct vmt_recording *recording = &state->recording;
	uint64_t ready = recording->ready[id];
	uint64_t step = ready / 2 < BLOCK_STEP ? ready / 2 : BLOCK_STEP;
	uint64_t end = vmt_recording_whole_pages(section, need + vmt_page_down(step));

	if (recording->full >> id & 1)
		return false;
	if (vmt_recording_allocate(state, section->offset + ready, end - ready)) {
		end = vmt_recording_whole_pages(section, need);
		if (vmt_recording_allocate(state, section->offset + ready, end - ready)) {
			recording->full |= UINT32_C(1) << id;
			vmt_state_note(state, VMT_NOTE_DISK_FULL);
			vmt_state_raise(state, VMT_ALARM_DISK);
			return false;
		}
	}
	recording->ready[id] = end;
	return true;
}

/* Returns elements with blocks behind them, which do not yet count as used. */
static void *room_for(struct vmt_state *state, enum vmt_section_id id, uint64_t index,
		      uint64_t count)
{
	const struct vmt_recording *recording = &state->recording;
	const struct vmt_rec_section *section = &state->counters.section[id];
	uint64_t need = (index + count) * section->size;

	if (!recording->base)
		return NULL;
	if (VMT_UNLIKELY(index + count > section->capacity) &&
	    !vmt_extend_section(state, id, index + count)) {
		return NULL;
	}
	if (VMT_UNLIKELY(need > recording->ready[id]) && !make_ready(state, id, need))
		return NULL;
	return recording->base + section->offset + index * section->size;
}

static void use(struct vmt_state *state, enum vmt_section_id id, uint64_t used)
{
	vmt_recording_kill_point(state);
	state->counters.section[id].used = used;
	__atomic_store_n(&state->recording.header->section[id].used, used, __ATOMIC_RELEASE);
}

void *vmt_recording_new_element(struct vmt_state *state, enum vmt_section_id id, uint64_t index,
				uint64_t count)
{
	void *element = room_for(state, id, index, count);

	if (element && index + count > state->counters.section[id].used)
		use(state, id, index + count);
	return element;
}

bool vmt_recording_append(struct vmt_state *state, enum vmt_section_id id, const void *records,
			  uint64_t count)
{
	const struct vmt_rec_section *section = &state->counters.section[id];
	void *to;

	/*
	 * Make room for one more: readers would take a list without a free element for one that was
	 * cut.
	 */
	room_for(state, id, section->used, count + 1);
	to = room_for(state, id, section->used, count);
	if (!to)
		return false;
	__builtin_memcpy(to, records, count * section->size);
	use(state, id, section->used + count);
	return true;
}

/* For a file whose name was removed, the kernel says so in the list of maps. */
