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
#define STARTS_FEW 4u /* what main may, behind such a function */
#define LONG_NS    (2 * UINT64_C(1000000000))

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
					      .kind = kind,
					      .caller.module = VMT_NO_INDEX };
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

static uint64_t starts_of_all(const struct vmt_state *state)
{
	uint64_t sum = 0;

	for (uint32_t id = 0; id < VMT_CALL_COUNT; id++)
		sum += starts_in(&state->calls[id]);
	return sum;
}

/* The maps that other calls have made since the last call of the end. */
static uint64_t starts_since(const struct vmt_state *state)
{
	const struct vmt_ending *ending = &state->ending;
	const struct vmt_site *last = state->sites.by_id[ending->last_site];

	return starts_of_all(state) - ending->last_starts -
	       (starts_in(&last->counters) - ending->last_own);
}

/* Has the program gone on to map, so that this was not its end? A thread that goes on may map a little. */
static bool has_gone_on(const struct vmt_state *state)
{
	const struct vmt_ending *ending = &state->ending;
	uint64_t before = state->counters.maps_before_end, now = state->counters.maps_now;
	uint64_t others = ending->others + starts_since(state);

	return others > STARTS_MAX + (before > now ? before - now : 0) / 8 ||
	       (ending->has_mapped && others > STARTS_FEW);
}

/* What comes long after all that the function has given back is another matter. */
static bool is_long_since(const struct vmt_ending *ending, uint64_t time)
{
	return time - ending->last_time > LONG_NS + 4 * (ending->last_time - ending->time);
}

/* Such a function first calls what runs the script, and then what cleans up. */
static bool is_after_run(struct vmt_ending_function *function, const struct vmt_rec_frame *frame)
{
	if (!function->run_at)
		function->run_at = frame->offset;
	return frame->offset != function->run_at;
}

/* A runtime ends once: where the function is called from another place, that is another end. */
static void note_caller(struct vmt_ending *ending, struct vmt_ending_function *function,
			const struct vmt_rec_frame *caller)
{
	bool is_known = function->caller.module != VMT_NO_INDEX;

	ending->is_again |= is_known && (function->caller.module != caller->module ||
					 function->caller.offset != caller->offset);
	function->caller = *caller;
}

void vmt_ending_look(struct vmt_state *state, struct vmt_site *site,
		     const struct vmt_rec_frame *frames)
{
	struct vmt_ending *ending = &state->ending;
	bool is_of_end = vmt_python_is_ending();

	for (uint32_t i = 0; i < site->frame_count; i++) {
		struct vmt_ending_function *function = function_of(ending, &frames[i]);

		if (!function)
			continue;
		if (function->kind == VMT_ENDING_AFTER_RUN && !is_after_run(function, &frames[i]))
			continue;
		is_of_end = true;
		if (function->kind == VMT_ENDING_EXIT) {
			ending->exits |= !ending->has_exited;
			ending->has_exited = true;
		} else if (i + 1 < site->frame_count && frames[i + 1].module != VMT_NO_INDEX) {
			note_caller(ending, function, &frames[i + 1]);
		}
	}
	site->flags |= is_of_end ? VMT_SITE_OF_END : 0;
}

static void begin_end(struct vmt_state *state, uint64_t time)
{
	struct vmt_ending *ending = &state->ending;

	state->publish.is_ending = true;
	ending->is_again = ending->has_mapped = false;
	ending->others = 0;
	ending->time = time;
	vmt_publish_begin_end(state);
}

/* A runtime that a thread has for itself ends with the thread. */
static bool is_main_thread(const struct vmt_state *state)
{
	const struct vmt_thread *thread = vmt_thread();

	return thread->tid == state->process.pid;
}

static void note_other(struct vmt_state *state, const struct vmt_site *site)
{
	state->ending.has_mapped |= is_main_thread(state) && site->call != VMT_CALL_MUNMAP &&
				    site->call != VMT_CALL_BRK;
}

static void note_end(struct vmt_state *state, const struct vmt_site *site)
{
	struct vmt_ending *ending = &state->ending;
	uint64_t time = vmt_clock_since_start(state);

	if (!state->publish.is_ending || ending->is_again || has_gone_on(state) ||
	    (ending->exits && is_long_since(ending, time)))
		begin_end(state, time);
	else
		ending->others += starts_since(state);
	ending->exits = false;
	ending->last_time = time;
	ending->last_starts = starts_of_all(state);
	ending->last_site = site->id;
	ending->last_own = starts_in(&site->counters);
}

void vmt_ending_call(struct vmt_state *state, const struct vmt_site *site)
{
	if (!(site->flags & VMT_SITE_OF_END))
		note_other(state, site);
	else if (state->ending.has_exited || is_main_thread(state))
		note_end(state, site);
}

void vmt_ending_judge(struct vmt_state *state)
{
	struct vmt_rec_header *header = &state->counters;
	uint64_t took;

	if (!state->publish.is_ending)
		return;
	/* by the coarse clock that the timeline goes by, so that no bucket before has a part of it */
	took = header->end_monotonic - header->start_monotonic - state->ending.time;
	took = took / 1000 + 1;
	header->ending_us = took < UINT32_MAX ? (uint32_t)took : UINT32_MAX;
	if (has_gone_on(state) ||
	    (!state->ending.has_exited &&
	     is_long_since(&state->ending, header->end_monotonic - header->start_monotonic)))
		header->maps_before_end = 0;
}
