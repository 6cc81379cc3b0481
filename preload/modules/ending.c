/* SPDX-License-Identifier: MIT */
/*
 * The functions are those of core/stack/endings.c that modules export, since only these have names in memory; python 3.13 has
 * moved its own to one that it does not export, but says itself when it ends. A frame is compared as it
 * is recorded, so that a module that is unloaded does no harm. See ending.h.
 */
#include "modules/ending.h"

#include "modules/modules.h"
#include "os/elf.h"
#include "script/python.h"
#include "store/publish.h"

#define STARTS_MAX 16u /* what other threads and handlers may map while the program ends */

static void add_function(struct vmt_state *state, const struct vmt_elf *elf,
			 const ElfW(Sym) * symbol, enum vmt_ending_kind kind)
{
	struct vmt_ending *ending = &state->ending;
	struct vmt_rec_frame frame = vmt_modules_frame_of(state, elf->base + symbol->st_value + 1);

	if (frame.module == VMT_NO_INDEX || !symbol->st_size || ending->count == VMT_ENDINGS_MAX)
		return;
	ending->function[ending->count++] =
		(struct vmt_ending_function){ .module = frame.module,
					      .first = frame.offset,
					      .last = frame.offset + symbol->st_size - 1,
					      .kind = kind };
}

static int look_for_functions(struct dl_phdr_info *info, size_t size, void *context)
{
	const struct vmt_ending_name *names = vmt_endings();
	struct vmt_elf elf;

	(void)size;
	if (!vmt_elf_open(info, &elf))
		return 0;
	for (size_t i = 0; i < VMT_ENDINGS_COUNT; i++) {
		const ElfW(Sym) *symbol =
			names[i].exported ? vmt_elf_symbol(&elf, names[i].exported) : NULL;

		if (symbol && ELF64_ST_TYPE(symbol->st_info) == STT_FUNC)
			add_function(context, &elf, symbol, names[i].kind);
	}
	return 0;
}

void vmt_ending_find(struct vmt_state *state)
{
	vmt_elf_each(look_for_functions, state);
}

/* A frame is the address that a call returns to: behind the call, which may be the function's last byte. */
static struct vmt_ending_function *function_of(struct vmt_ending *ending,
					       const struct vmt_rec_frame *frame)
{
	for (uint32_t i = 0; i < ending->count; i++) {
		struct vmt_ending_function *function = &ending->function[i];

		if (frame->module == function->module && frame->offset >= function->first &&
		    frame->offset <= function->last)
			return function;
	}
	return NULL;
}

static uint64_t starts_in(const struct vmt_rec_counters *counters)
{
	return counters->created + counters->split;
}

/* The maps that were made by calls which are none of the end's. */
static uint64_t starts_of_others(const struct vmt_state *state)
{
	uint64_t sum = 0;

	for (uint32_t id = 0; id < VMT_CALL_COUNT; id++)
		sum += starts_in(&state->calls[id]);
	for (uint32_t id = VMT_SITE_FIRST; id < state->sites.count; id++) {
		const struct vmt_site *site = state->sites.by_id[id];

		if (site->flags & VMT_SITE_OF_END)
			sum -= starts_in(&site->counters);
	}
	return sum;
}

/* Has the program mapped much since the end seemed to begin? */
static bool has_gone_on(const struct vmt_state *state)
{
	uint64_t before = state->counters.maps_before_end, now = state->counters.maps_now;

	return starts_of_others(state) - state->ending.starts >
	       STARTS_MAX + (before > now ? before - now : 0) / 8;
}

/* Such a function first calls what runs the script, and then what cleans up. */
static bool is_after_run(struct vmt_ending_function *function, const struct vmt_rec_frame *frame)
{
	if (!function->run_at)
		function->run_at = frame->offset;
	return frame->offset != function->run_at;
}

/* Is the site of the end? Notes libc's exit. */
static bool is_made_at_end(struct vmt_ending *ending, const struct vmt_site *site,
			   const struct vmt_rec_frame *frames)
{
	bool ret = vmt_python_is_ending();

	for (uint32_t i = 0; i < site->frame_count; i++) {
		struct vmt_ending_function *function = function_of(ending, &frames[i]);

		if (!function)
			continue;
		ret |= function->kind != VMT_ENDING_AFTER_RUN || is_after_run(function, &frames[i]);
		ending->has_exited |= function->kind == VMT_ENDING_EXIT;
	}
	return ret;
}

void vmt_ending_look(struct vmt_state *state, struct vmt_site *site,
		     const struct vmt_rec_frame *frames)
{
	struct vmt_ending *ending = &state->ending;
	bool had_exited = ending->has_exited;

	if (!is_made_at_end(ending, site, frames))
		return;
	site->flags |= VMT_SITE_OF_END;
	/* a host may have ended an interpreter, and gone on until now */
	if (ending->has_begun && (had_exited || !ending->has_exited || !has_gone_on(state)))
		return;
	ending->has_begun = true;
	ending->starts = starts_of_others(state);
	ending->time = vmt_clock_since_start(state);
	vmt_publish_begin_end(state);
}

void vmt_ending_judge(struct vmt_state *state)
{
	struct vmt_rec_header *header = &state->counters;
	uint64_t took;

	if (!state->ending.has_begun)
		return;
	/* by the coarse clock that the timeline goes by, so that no bucket before has a part of it */
	took = header->end_monotonic - header->start_monotonic - state->ending.time;
	took = took / 1000 + 1;
	header->ending_us = took < UINT32_MAX ? (uint32_t)took : UINT32_MAX;
	if (has_gone_on(state))
		header->maps_before_end = 0;
}
