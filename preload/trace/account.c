/* SPDX-License-Identifier: MIT */
/* `dirty` says what is being changed, for a thread that takes the lock over. See account.h. */
#include "trace/account.h"

#include <linux/errno.h>
#include <linux/mman.h>
#include <sys/mman.h>

#include "core/fast/fast.h"
#include "core/fast/fast_range.h"
#include "core/vma/change_decode.h"
#include "core/vma/merge_rules.h"
#include "core/resolve/resolve_gone.h"
#include "kernel/ask.h"
#include "kernel/confidence.h"
#include "kernel/file_id.h"
#include "patch/patch.h"
#include "patch/stubs.h"
#include "report/failure.h"
#include "store/publish.h"
#include "store/recording.h"
#include "store/timeline.h"
#include "trace/allocations.h"
#include "modules/ending.h"
#include "modules/modules.h"
#include "trace/room.h"
#include "trace/script.h"
#include "unwind/unwind_learn.h"

/* Code has to be learnt by the unwinder when the table is complete. */
static void note_code(struct vmt_code_change *code, uint64_t start)
{
	code->is_many |= code->mapped && code->mapped != start;
	code->mapped = start;
}

VMT_HOT static void range_changed(void *context, struct vmt_map *map)
{
	struct vmt_state *state = context;

	if (VMT_UNLIKELY(vmt_vma_is_code(&map->vma)))
		note_code(&state->code, map->vma.start);
	vmt_publish_range(state, map);
}

VMT_HOT static void range_removed(void *context, struct vmt_map *map)
{
	struct vmt_state *state = context;

	if (vmt_vma_is_code(&map->vma)) {
		vmt_unwind_learn_note_gone(state,
					   (struct vmt_range){ map->vma.start, map->vma.end });
		vmt_stubs_forget(map->vma.start, map->vma.end);
	}
	vmt_publish_range_gone(state, map);
}

static void site_added(void *context, struct vmt_site *site, const struct vmt_rec_frame *frames)
{
	struct vmt_state *state = context;

	if (site->flags & VMT_SITE_TRUNCATED)
		state->counters.truncated++;
	state->publish.header_is_behind = true;
	vmt_ending_look(state, site, frames);
	if (site->flags & VMT_SITE_LOST)
		vmt_state_note(state, VMT_NOTE_SITES_FULL);
	state->room_is_due |= state->arena.used > state->arena.ahead;
	vmt_publish_frames(state, site, frames);
	vmt_publish_new_site(state, site);
}

void vmt_account_reset(struct vmt_state *state)
{
	vmt_arena_init(&state->space_arena, state->own.space_block, state->own.space_block_size);
	vmt_space_init(&state->space, &state->space_arena, &state->space_ops);
	state->parts = (struct vmt_parts){ .count = 0 };
	state->space.parts = &state->parts;
	vmt_outcome_init(&state->resolution.outcome, &state->space_arena);
	state->space.rules.noreserve = state->confidence.noreserve;
	state->space.rules.knows_anon_vmas = state->confidence.knows_anon_vmas;
}

int vmt_account_init(struct vmt_state *state)
{
	/* Further sites than the recording has room for count as lost, so that sums stay right. */
	uint32_t room = (uint32_t)state->growth.most[VMT_SECTION_SITES];

	state->space_ops = (struct vmt_space_ops){ range_changed, range_removed, state };
	state->sites_ops = (struct vmt_callsites_ops){ vmt_modules_frame_of, vmt_script_at,
						       site_added, state };
	vmt_account_reset(state);
	return vmt_callsites_init(&state->sites, &state->arena, room, &state->sites_ops);
}

/* A call that is being accounted for, or a reading of the whole table. */
struct accounting {
	struct vmt_state *state;
	const struct vmt_site *caller; /* published when its call is complete; NULL = no call */
	uint64_t time; /* ns since start_ns */
};

/* live_at_peak: the value before the first change after a peak is the value at the peak. */
VMT_HOT static void change_live(void *context, uint32_t id, int delta)
{
	const struct accounting *it = context;
	struct vmt_state *state = it->state;
	struct vmt_site *site = state->sites.by_id[id];

	vmt_publish_at_mark(state, site);
	if (site->peak_epoch != state->counters.peak_epoch) {
		site->live_at_peak = site->live;
		site->peak_epoch = state->counters.peak_epoch;
	}
	vmt_timeline_before(state, site, it->time);
	site->live += (uint64_t)(int64_t)delta;
	vmt_timeline_after(state, site);
	if (site != it->caller)
		vmt_publish_site(state, site);
}

static void add_counts(struct vmt_rec_counters *to, const struct vmt_counts *counts)
{
	to->created += counts->created;
	to->split += counts->split;
	to->merged += counts->merged;
	to->removed += counts->removed;
}

static uint64_t sum(const struct vmt_counts *counts)
{
	return counts->created + counts->split + counts->merged + counts->removed;
}

void vmt_account_unseen(struct vmt_state *state, uint64_t starts)
{
	state->counters.unseen += starts;
	if (vmt_patch_has_skipped())
		vmt_state_note(state, VMT_NOTE_TEXT_LARGE);
}

static void note_unseen(struct vmt_state *state, const struct vmt_counts *counts, bool deferred)
{
	struct vmt_site *unseen = state->sites.by_id[VMT_SITE_UNSEEN];

	if (sum(counts) == 0)
		return;
	vmt_publish_at_mark(state, unseen);
	add_counts(&unseen->counters, counts);
	add_counts(&state->calls[VMT_CALL_NONE], counts);
	/* While calls are waiting to be applied, unexplained changes may be theirs. */
	if (!deferred && vmt_deferred_is_quiet(&state->deferred))
		vmt_account_unseen(state, sum(counts));
	vmt_publish_site(state, unseen);
	vmt_publish_call(state, VMT_CALL_NONE);
}

static uint64_t questions(const struct vmt_state *state)
{
	const struct vmt_rec_header *counters = &state->counters;

	return counters->asked_query + counters->asked_probe + counters->asked_maps;
}

static void note_resolved(struct vmt_state *state, enum vmt_resolved resolved,
			  uint64_t questions_before)
{
	if (resolved == VMT_RESOLVED_DERIVED && questions(state) == questions_before)
		state->counters.calls_derived++;
	if (resolved == VMT_RESOLVED_GUESSED)
		state->counters.relearned++; /* a guess: nobody can tell whether it is right */
}

/* Returns the number of the program's maps in the table. */
static uint64_t programs_maps(const struct vmt_state *state)
{
	return state->space.count - state->space.own;
}

VMT_HOT static void note_peak(struct vmt_state *state, uint64_t time)
{
	struct vmt_rec_header *counters = &state->counters;

	counters->maps_own = state->space.own;
	counters->maps_now = programs_maps(state);
	if (counters->maps_now > counters->maps_peak) {
		counters->maps_peak = counters->maps_now;
		counters->maps_peak_time = time;
		counters->peak_epoch++;
	}
	vmt_timeline_tick(state, time);
	vmt_allocations_tick(state, time);
}

/* The table has changed: update everything that depends on it. */
VMT_HOT static void note_applied(struct vmt_state *state, const struct vmt_effect *effect)
{
	vmt_state_set_dirty(state, VMT_DIRTY_NOT);
	if (effect->out_of_memory) {
		vmt_state_note(state, VMT_NOTE_MEMORY_FULL);
		state->counters.lost++;
	}
	if (VMT_UNLIKELY(state->code.is_gone) && vmt_unwind_learn_gone(state)) {
		vmt_state_set_dirty(state, VMT_DIRTY_SITES);
		vmt_callsites_forget_addresses(&state->sites, state->code_place.gone);
		vmt_state_set_dirty(state, VMT_DIRTY_NOT);
	}
	if (VMT_UNLIKELY(state->code.mapped))
		vmt_unwind_learn_new(state);
}

static inline struct vmt_effect_ops live_ops(struct accounting *it)
{
	return (struct vmt_effect_ops){ .live = change_live, .context = it };
}

static void apply(struct accounting *it, const struct vmt_change *change, uint32_t site,
		  struct vmt_effect *effect)
{
	const struct vmt_effect_ops ops = live_ops(it);
	struct vmt_state *state = it->state;

	vmt_state_set_dirty(state, VMT_DIRTY_SPACE);
	vmt_effect_apply(&state->space, change, &state->resolution, site, it->time, &ops, effect);
	note_applied(state, effect);
}

static bool apply_range(struct accounting *it, const struct vmt_change *change, uint32_t site,
			struct vmt_effect *effect)
{
	const struct vmt_effect_ops ops = live_ops(it);
	struct vmt_state *state = it->state;

	if (!vmt_fast_range_apply(&state->space, change, site, it->time, &ops, effect))
		return false;
	note_applied(state, effect);
	return true;
}

static struct vmt_kernel_ops kernel_ops(struct vmt_state *state)
{
	return (struct vmt_kernel_ops){ .walk = vmt_ask_walk,
					.boundary = vmt_ask_boundary,
					.file = vmt_file_id_file,
					.is_alone = vmt_ask_is_alone,
					.context = state };
}

static uint64_t learn_everything(struct accounting *it);

/*
 * Do the table and the call determine the outcome? Other calls may have come between a deferred call
 * and this moment. Kernels without PROCMAP_QUERY, such as Linux 5.10, may have returned ENOMEM for
 * another reason than a hole.
 */
static bool may_derive(const struct vmt_state *state, const struct vmt_change *change,
		       bool deferred)
{
	return !deferred && !state->confidence.no_deriving &&
	       (!change->met_hole || state->kernel.query_works);
}

static void resolve_and_apply(struct accounting *it, struct vmt_change *change,
			      struct vmt_site *site, bool deferred)
{
	struct vmt_state *state = it->state;
	const struct vmt_kernel_ops kernel = kernel_ops(state);
	struct vmt_effect effect;
	uint64_t asked = questions(state);

	if (change->how == VMT_CHANGE_EVERYTHING && site->call == VMT_CALL_PRCTL)
		state->confidence.no_reasoning = true;
	vmt_recording_doing(state, VMT_DOING_MAPS);
	if (change->how == VMT_CHANGE_DERIVE && !may_derive(state, change, deferred))
		change->how = VMT_CHANGE_WALK;
	vmt_state_set_dirty(state, VMT_DIRTY_SPACE);
	vmt_resolve_file(&state->space, change, &kernel);
	if (apply_range(it, change, site->id, &effect)) {
		note_resolved(state, VMT_RESOLVED_DERIVED, asked);
	} else {
		note_resolved(state,
			      vmt_resolve(&state->space, change, &kernel, &state->resolution),
			      asked);
		apply(it, change, site->id, &effect);
	}
	if (VMT_UNLIKELY(vmt_confidence_is_lost(state))) {
		state->counters.relearned++;
		learn_everything(it);
	}
	vmt_recording_doing(state, VMT_DOING_COUNTS);
	add_counts(&site->counters, &effect.call);
	add_counts(&state->calls[site->call], &effect.call);
	note_unseen(state, &effect.unseen, deferred);
	note_peak(state, it->time);
}

static bool is_failure(const struct vmt_done *done)
{
	if (done->call == VMT_CALL_BRK)
		return done->args[0] && (uint64_t)done->result < (uint64_t)done->args[0];
	return vmt_sys_failed(done->result);
}

struct vmt_site *vmt_account_intern(struct vmt_state *state,
				    const struct vmt_callsites_stack *stack)
{
	struct vmt_site *site;

	vmt_recording_doing(state, VMT_DOING_SITE);
	vmt_state_set_dirty(state, VMT_DIRTY_SITES);
	site = vmt_callsites_intern(&state->sites, stack);
	vmt_state_set_dirty(state, VMT_DIRTY_NOT);
	return site;
}

VMT_HOT static void count_call(struct vmt_state *state, struct vmt_site *site, bool failed,
			       bool deferred)
{
	if (VMT_UNLIKELY(site->flags & VMT_SITE_OF_END || state->publish.is_ending))
		vmt_ending_call(state, site);
	vmt_publish_at_mark(state, site);
	site->counters.calls++;
	site->counters.failed += failed;
	state->calls[site->call].calls++;
	state->calls[site->call].failed += failed;
	state->counters.calls_seen++;
	state->counters.deferred += deferred;
	if (VMT_UNLIKELY(site->flags & VMT_SITE_LOST || site->id == VMT_SITE_UNSEEN)) {
		state->counters.lost++;
		state->publish.header_is_behind = true;
	}
}

/*
 * The path of most calls: no question is open, and no other call came in between. False: nothing
 * has been done.
 */
VMT_HOT static bool account_simple(struct accounting *it, const struct vmt_done *done,
				   struct vmt_site *site)
{
	const struct vmt_effect_ops ops = live_ops(it);
	struct vmt_state *state = it->state;
	struct vmt_simple simple;
	struct vmt_effect effect;

	if (state->confidence.no_deriving || !vmt_change_decode_simple(done, &simple))
		return false;
	vmt_recording_doing(state, VMT_DOING_MAPS);
	vmt_state_set_dirty(state, VMT_DIRTY_SPACE);
	if (!vmt_fast_apply(&state->space, &simple, site->id, it->time, &ops, &effect)) {
		vmt_state_set_dirty(state, VMT_DIRTY_NOT);
		return false;
	}
	note_applied(state, &effect);
	vmt_recording_doing(state, VMT_DOING_COUNTS);
	state->counters.calls_derived++;
	add_counts(&site->counters, &effect.call);
	add_counts(&state->calls[site->call], &effect.call);
	note_peak(state, it->time);
	return true;
}

/* Does the call keep a map from being copied by fork? MADV_DOFORK is not looked at. */
static bool is_against_fork(const struct vmt_done *done)
{
	return (done->call == VMT_CALL_MADVISE && done->args[2] == MADV_DONTFORK) ||
	       (done->call == VMT_CALL_PROCESS_MADVISE && done->args[3] == MADV_DONTFORK);
}

static void account_other(struct accounting *it, const struct vmt_done *done, struct vmt_site *site,
			  bool failed, bool deferred)
{
	struct vmt_state *state = it->state;
	struct vmt_done with_brk = *done;
	struct vmt_change change;
	uint64_t maps = state->space.count;
	uint64_t rare_sum = vmt_publish_rare_sum(state);
	uint32_t ordinary_files = state->kernel.ordinary_files;

	with_brk.brk = state->image.brk;
	vmt_change_decode(&with_brk, &change);
	vmt_resolve_gone(&state->space, done, &change);
	if (done->call == VMT_CALL_BRK)
		state->image.brk = (uint64_t)done->result;
	if (change.how == VMT_CHANGE_NOTHING)
		state->counters.calls_derived++;
	else
		resolve_and_apply(it, &change, site, deferred);
	vmt_file_id_forget(state);
	/* The driver of a device may keep its maps from being copied. */
	if (is_against_fork(done) ||
	    (change.is_file && state->kernel.ordinary_files == ordinary_files))
		state->kernel.may_leave_maps = true;
	if (VMT_UNLIKELY(failed))
		vmt_failure_note(state, &with_brk, site, maps);
	if (deferred || vmt_publish_rare_sum(state) != rare_sum)
		state->publish.header_is_behind = true;
}

VMT_HOT void vmt_account_done(struct vmt_state *state, const struct vmt_done *done,
			      struct vmt_site *site, bool deferred)
{
	struct accounting it = { .state = state, .caller = site };
	bool failed = is_failure(done);

	vmt_recording_doing(state, VMT_DOING_COUNTS);
	count_call(state, site, failed, deferred);
	it.time = vmt_clock_since_start(state);
	vmt_confidence_call(state);
	if (deferred || !account_simple(&it, done, site))
		account_other(&it, done, site, failed, deferred);
	if (VMT_UNLIKELY(state->space.count >= state->alarms.from))
		vmt_failure_near(state);
	vmt_publish_done(state, site);
	if (VMT_UNLIKELY(state->room_is_due || state->space_arena.used > state->space_arena.ahead))
		vmt_room_make(state);
}

static uint64_t learn_everything(struct accounting *it)
{
	struct vmt_state *state = it->state;
	struct vmt_change change = { .how = VMT_CHANGE_EVERYTHING };
	const struct vmt_kernel_ops kernel = kernel_ops(state);
	struct vmt_effect effect;

	it->time = vmt_clock_since_start(state);
	vmt_recording_doing(state, VMT_DOING_MAPS);
	vmt_state_set_dirty(state, VMT_DIRTY_SPACE);
	do {
		if (vmt_resolve(&state->space, &change, &kernel, &state->resolution) !=
		    VMT_RESOLVED_ASKED) {
			vmt_state_set_dirty(state, VMT_DIRTY_NOT);
			return 0;
		}
	} while (vmt_room_enlarge(state, &state->resolution.outcome));
	if (state->resolution.outcome.out_of_memory) {
		/* what is missing there may well exist, so the table is nearer to the truth */
		vmt_state_note(state, VMT_NOTE_MEMORY_FULL);
		vmt_state_set_dirty(state, VMT_DIRTY_NOT);
		return 0;
	}
	change.how = VMT_CHANGE_NOTHING; /* no call was made: every difference is unseen */
	apply(it, &change, VMT_SITE_UNSEEN, &effect);
	vmt_recording_doing(state, VMT_DOING_COUNTS);
	note_unseen(state, &effect.call, true);
	note_unseen(state, &effect.unseen, true);
	note_peak(state, it->time);
	vmt_publish_header(state);
	return sum(&effect.call) + sum(&effect.unseen);
}

uint64_t vmt_account_everything(struct vmt_state *state)
{
	struct accounting it = { .state = state };

	return learn_everything(&it);
}

void vmt_account_nothing(struct vmt_state *state)
{
	note_peak(state, vmt_clock_since_start(state));
	vmt_publish_header(state);
}

void vmt_account_balance(struct vmt_state *state, const struct vmt_counts *missing)
{
	note_unseen(state, missing, true);
}

int vmt_account_start(struct vmt_state *state)
{
	struct vmt_outcome *outcome = &state->resolution.outcome;
	struct accounting it = { .state = state };

	vmt_outcome_clear(outcome);
	if (vmt_ask_everything(state, outcome)) {
		vmt_state_note(state, VMT_NOTE_NO_PROC); /* the table starts empty then */
		vmt_outcome_clear(outcome);
	}
	vmt_confidence_first_maps(state, outcome);
	for (size_t i = 0; i < outcome->count; i++) {
		struct vmt_vma *vma = &outcome->map[i].vma;

		if (!vmt_space_insert(&state->space, vma, VMT_SITE_STARTUP, VMT_SITE_STARTUP, 0))
			return -ENOMEM;
		if (!(vma->flags & VMT_MAP_OWN))
			change_live(&it, VMT_SITE_STARTUP, 1);
	}
	return outcome->out_of_memory ? -ENOMEM : 0;
}

void vmt_account_begin(struct vmt_state *state)
{
	state->counters.maps_own = state->space.own;
	state->counters.maps_now = programs_maps(state);
	state->counters.maps_start = state->counters.maps_now;
	state->counters.maps_peak = state->counters.maps_now;
}
