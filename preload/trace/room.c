/* SPDX-License-Identifier: MIT */
/*
 * If a new map of ours cannot be put into the table here, because the table still has another map
 * at its address, it is flagged as ours when the kernel is asked next (vmt_memory_flag). See
 * room.h.
 */
#include "trace/room.h"

#include <sys/prctl.h>
#include <sys/syscall.h>

#include "kernel/ask.h"
#include "own/memory.h"
#include "safety/bus.h"
#include "store/extend.h"
#include "store/publish.h"
#include "store/recording.h"

#define BLOCK_FACTOR 4u
#define NEAR_LIMIT   256u /* maps */
/* bytes of a map in the table, including its index */
#define MAP_ROOM (sizeof(struct vmt_map) + 64)

static void note_maps(struct vmt_state *state, struct vmt_range own)
{
	const struct vmt_map *next = vmt_space_from(&state->space, own.start);
	uint64_t asked_query = state->counters.asked_query;
	uint64_t asked_maps = state->counters.asked_maps;
	struct vmt_vma vma;

	if (next && next->vma.start < own.end)
		return; /* it is known already, or another map there has yet to be learnt */
	for (uint64_t at = own.start; at < own.end; at = vma.end) {
		if (vmt_ask_vma(state, at, &vma) != 0 || vma.start != at || vma.end > own.end)
			break;
		vma.flags |= VMT_MAP_OWN;
		vmt_space_insert(&state->space, &vma, VMT_SITE_STARTUP, VMT_SITE_STARTUP, 0);
	}
	state->counters.asked_query = asked_query; /* the question did not answer a call */
	state->counters.asked_maps = asked_maps;
}

/* Is the process so near its limit that a map of ours could be the one that it lacks? */
static bool is_near_limit(const struct vmt_state *state)
{
	const struct vmt_rec_header *counters = &state->counters;

	return counters->maps_limit &&
	       counters->maps_now + counters->maps_own + NEAR_LIMIT >= counters->maps_limit;
}

/* If more of the arena is in use than its mark allows, take a larger block for it. */
static void extend_arena(struct vmt_state *state, struct vmt_arena *arena)
{
	size_t size = arena->size * BLOCK_FACTOR;
	void *block;

	if (arena->used <= arena->ahead)
		return;
	if (arena->ahead && arena->used < arena->size / 4 * 3 && is_near_limit(state)) {
		vmt_arena_extend_late(arena); /* unless vmt_room_enlarge() needs it */
		return;
	}
	block = vmt_memory_block(state, arena->size - arena->used, &size);
	if (!block) {
		arena->ahead = arena->size; /* a new block would have less room than is left */
		return;
	}
	vmt_arena_extend(arena, block, size);
	if (arena == &state->space_arena) {
		state->own.space_block = block;
		state->own.space_block_size = size;
	} else {
		vmt_arena_extend_late(arena); /* call sites come one by one */
	}
}

/* No pointer into the recording is in use now. */
static void give_up_recording(struct vmt_state *state)
{
	const struct vmt_recording was = state->recording;

	vmt_extend_settle(state, false);
	state->recording.base = NULL;
	state->publish.bucket_end = 0;
	vmt_memory_drop(state, was.base, was.size);
	vmt_fd_close(&state->recording_file.fd);
	vmt_bus_close(state);
	vmt_state_raise(state, VMT_ALARM_CUT);
}

void vmt_room_make(struct vmt_state *state)
{
	if (!vmt_recording_may_grow())
		return;
	if (state->recording.base && state->recording.is_lost)
		give_up_recording(state);
	extend_arena(state, &state->space_arena);
	extend_arena(state, &state->arena);
	state->room_is_due = vmt_extend_settle(state, false);
	for (unsigned i = 0; i < state->own.count; i++)
		note_maps(state, state->own.range[i]);
	state->counters.maps_own = state->space.own;
	vmt_publish_header(state);
}

bool vmt_room_enlarge(struct vmt_state *state, const struct vmt_outcome *outcome)
{
	const struct vmt_arena *arena = &state->space_arena;
	size_t size = arena->size;

	if (!vmt_recording_may_grow() ||
	    (!outcome->out_of_memory && arena->size - arena->used > outcome->count * MAP_ROOM))
		return false;
	state->space_arena.ahead = 0;
	vmt_room_make(state);
	return arena->size > size;
}

void vmt_room_make_all(struct vmt_state *state)
{
	const struct vmt_rec_section *section = state->counters.section;

	if (!vmt_recording_may_grow())
		return;
	state->space_arena.ahead = 0;
	state->arena.ahead = 0;
	for (unsigned i = 0; state->recording.base && i < VMT_SECTION_COUNT; i++)
		if (section[i].capacity < state->growth.most[i])
			vmt_extend_section(state, (enum vmt_section_id)i, state->growth.most[i]);
	vmt_room_make(state);
}
