/* SPDX-License-Identifier: MIT */
/*
 * Turns recordings into a summary. Sites with different addresses but the same normalised stack
 * become one, whose parts are those of the same lines. See summary.h.
 */
#include "check/returned.h"
#include "check/summary.h"
#include "core/report/report.h"
#include "naming/interpreter.h"
#include "naming/teardown.h"
#include "util/must.h"

#include <errno.h>

struct process {
	const struct vmt_view *view;
	struct vmt_phase_bounds bounds;
	uint64_t count; /* sites */
	uint64_t *from; /* live maps of each site at the start of the phase */
	uint64_t *to; /* live maps at its end */
	uint64_t *at_peak; /* NULL if it is not needed */
	bool is_highest; /* its peak is the highest of the program's, and was asked for */
	struct vmt_teardown teardown; /* empty if a mark ends the phase */
	bool ended_at_peak; /* apart from what the teardown gave back */
	bool with_most; /* find what each site had at most */
	bool is_cut_short; /* there was no disk for all of its sites */
	bool *is_file;
};

/* Find the sites that put maps of files. */
static void find_files(struct process *process)
{
	uint64_t count = vmt_view_count(process->view, VMT_SECTION_RANGES);
	struct vmt_rec_range range;

	for (uint64_t i = 0; i < count; i++) {
		if (vmt_view_range(process->view, i, &range) && !(range.flags & VMT_MAP_OWN) &&
		    range.inode && range.put_by < process->count)
			process->is_file[range.put_by] = true;
	}
}

/* Find what each site held when the process had the most maps. */
static void find_peak(struct process *process, const struct vmt_view_totals *totals)
{
	struct vmt_rec_site site;

	process->at_peak = vmt_must_alloc(process->count, sizeof(*process->at_peak));
	for (uint64_t i = VMT_SITE_UNSEEN; i < process->count; i++) {
		if (vmt_view_site(process->view, i, &site))
			process->at_peak[i] =
				vmt_view_live_at_peak(process->view, &site, totals[i].live);
	}
}

/* Only of a whole run: whoever marks its end has chosen what is judged. */
static void find_teardown(struct process *process, struct vmt_symbols *symbols)
{
	if (process->bounds.to)
		return;
	vmt_teardown_read(process->view, symbols, &process->teardown);
	process->ended_at_peak = process->teardown.maps &&
				 process->bounds.maps_to + process->teardown.maps * 9 / 8 >=
					 process->view->header.maps_peak;
}

/* Were maps given back by the teardown, and is it not known who had them? */
static bool is_apart(const struct process *process)
{
	return process->teardown.maps && !process->ended_at_peak &&
	       !vmt_view_knows_before_end(process->view);
}

/* Have sites been lost because the recording could not grow? */
static bool lacks_sites(const struct process *process, const struct vmt_view_totals *totals)
{
	uint64_t maps = 0;

	for (uint64_t i = 0; i < process->count; i++)
		maps += totals[i].live;
	return process->view->header.notes & (VMT_NOTE_DISK_FULL | VMT_NOTE_NOT_LONGER) &&
	       maps < process->view->header.maps_now;
}

static void open_process(struct process *process)
{
	uint64_t count = vmt_view_count(process->view, VMT_SECTION_SITES);
	struct vmt_view_totals *totals = vmt_must_alloc(count, sizeof(*totals));

	process->count = count;
	process->from = vmt_must_alloc(count, sizeof(*process->from));
	process->to = vmt_must_alloc(count, sizeof(*process->to));
	process->is_file = vmt_must_alloc(count, sizeof(*process->is_file));
	vmt_view_totals(process->view, totals, count);
	for (uint64_t i = 0; i < count; i++)
		process->from[i] = process->to[i] = totals[i].live;
	process->is_cut_short = lacks_sites(process, totals);
	if (process->is_highest)
		find_peak(process, totals);
	free(totals);
	find_files(process);
	vmt_phase_rewind(process->view, process->bounds.to, process->to, count);
	if (process->bounds.from)
		vmt_phase_rewind(process->view, process->bounds.from, process->from, count);
	else
		memset(process->from, 0, count * sizeof(*process->from));
}

static void close_process(struct process *process)
{
	free(process->from);
	free(process->to);
	free(process->at_peak);
	free(process->is_file);
}

/*
 * Returns the number of a site's maps that count. A fork child inherits its parent's maps together
 * with their owners. Older recordings do not say how many; but a site cannot have put more than it
 * created and split.
 */
static int64_t maps_of(const struct process *process, uint64_t index,
		       const struct vmt_rec_site *site, uint64_t live)
{
	uint64_t own = site->counters.created + site->counters.split;

	if (process->bounds.from)
		return (int64_t)live - (int64_t)process->from[index];
	if (site->inherited)
		return (int64_t)live - (int64_t)site->inherited;
	return (int64_t)(live < own ? live : own);
}

static uint64_t live_before_end(const struct process *process, uint64_t index,
				const struct vmt_rec_site *site)
{
	uint64_t live = process->to[index], torn_down = process->teardown.maps, before = live;

	if (torn_down && !is_apart(process))
		before = vmt_view_live_before(process->view, site, live, torn_down);
	return before > live ? before : live;
}

static uint64_t most_live(const struct process *process, uint64_t index)
{
	uint64_t most = process->to[index];
	struct vmt_rec_site_time time;

	if (!process->with_most || !vmt_view_site_time(process->view, index, &time))
		return 0;
	for (size_t i = 0; i < VMT_SITE_BUCKETS; i++)
		most = time.bucket[i].max > most ? time.bucket[i].max : most;
	return most;
}

/* Returns false if it had no maps at a moment that counts. */
static bool count_site(const struct process *process, uint64_t index,
		       const struct vmt_rec_site *recorded, struct vmt_summary_site *ret_site)
{
	*ret_site = (struct vmt_summary_site){
		.maps = maps_of(process, index, recorded,
				live_before_end(process, index, recorded)),
		.at_end = maps_of(process, index, recorded, process->to[index]),
		.most = maps_of(process, index, recorded, most_live(process, index)),
	};
	if (ret_site->most < ret_site->at_end)
		ret_site->most = 0;
	return ret_site->maps || ret_site->most > 0 ||
	       (process->is_highest && process->at_peak[index]);
}

static void add_counts(struct vmt_summary_site *site, const struct vmt_summary_site *counts)
{
	site->current += counts->maps;
	site->current_at_end += counts->at_end;
	site->current_most += counts->most;
}

static bool is_cutting(uint16_t call)
{
	switch (call) {
	case VMT_CALL_MMAP:
	case VMT_CALL_MREMAP:
	case VMT_CALL_BRK:
	case VMT_CALL_SHMAT:
	case VMT_CALL_IO_SETUP: return false;
	default: return true;
	}
}

/*
 * The heap belongs to whichever caller happens to call malloc first; blaming that caller would
 * raise an alarm whenever it changes.
 */
static char *key_of(const struct vmt_rec_site *recorded, const struct vmt_stack *stack,
		    bool with_lines)
{
	if (recorded->call == VMT_CALL_BRK)
		return vmt_must_copy("[heap]");
	return vmt_stack_key(stack, with_lines);
}

static void count_gaps(struct vmt_summary_program *program, const struct vmt_stack *stack)
{
	for (uint32_t i = 0; i < stack->count; i++) {
		const struct vmt_stack_frame *frame = &stack->frame[i];

		program->unnamed += frame->is_own && !frame->function;
		program->lineless += frame->is_own && frame->function && !frame->file;
		program->has_lines |= frame->is_own && frame->file;
	}
}

static void add_site(struct vmt_summary_program *program, const struct process *process,
		     uint64_t index, bool with_lines, struct vmt_symbols *symbols)
{
	struct vmt_summary_site *site;
	struct vmt_rec_site recorded;
	struct vmt_summary_site counts;
	struct vmt_stack stack;
	char *key, *lines;

	if (!vmt_view_site(process->view, index, &recorded) ||
	    !count_site(process, index, &recorded, &counts))
		return;
	vmt_stack_read(&stack, process->view, &recorded, symbols);
	if (counts.maps || process->is_highest) {
		count_gaps(program, &stack);
		program->has_threads |= vmt_stack_is_thread(&stack);
	}
	key = key_of(&recorded, &stack, with_lines);
	site = vmt_summary_site(program, vmt_calls_name(recorded.call), key);
	site->is_cut = is_cutting(recorded.call);
	site->is_file |= process->is_file[index];
	lines = key_of(&recorded, &stack, true);
	vmt_summary_add_part(site, lines, &stack, counts.maps, counts.at_end);
	add_counts(site, &counts);
	if (process->is_highest)
		site->at_peak += (int64_t)process->at_peak[index];
	free(lines);
	free(key);
}

/* No call is known for these maps, and so no stack; see VMT_SUMMARY_UNSEEN. */
static void add_unseen(struct vmt_summary_program *program, const struct process *process)
{
	struct vmt_summary_site *site;
	struct vmt_rec_site recorded;
	struct vmt_summary_site counts;
	int64_t unseen = (int64_t)process->view->header.unseen;

	if (!vmt_view_site(process->view, VMT_SITE_UNSEEN, &recorded))
		return;
	count_site(process, VMT_SITE_UNSEEN, &recorded, &counts);
	/* The others were changed by concurrent calls, and vary from run to run. */
	counts.maps = counts.maps < unseen ? counts.maps : unseen;
	counts.at_end = counts.at_end < unseen ? counts.at_end : unseen;
	counts.most = counts.most < unseen ? counts.most : unseen;
	if (!counts.maps && counts.most <= 0 &&
	    !(process->is_highest && process->at_peak[VMT_SITE_UNSEEN]))
		return;
	site = vmt_summary_site(program, VMT_SUMMARY_UNSEEN, "[calls that were not seen]");
	add_counts(site, &counts);
	if (process->is_highest)
		site->at_peak += (int64_t)process->at_peak[VMT_SITE_UNSEEN];
}

/* How often neighbours merged; known only for the whole run, since marks do not include it. */
static int64_t merged_of(const struct process *process)
{
	struct vmt_rec_site site;
	int64_t merged = 0;

	if (process->bounds.from || process->bounds.to)
		return -1;
	for (uint64_t i = 0; i < process->count; i++) {
		if (vmt_view_site(process->view, i, &site))
			merged += (int64_t)site.counters.merged;
	}
	return merged;
}

/* Keep the largest value of all processes; a single process may have negative values, too. */
static void fold(struct vmt_summary_program *program, const struct process *process)
{
	int64_t growth = (int64_t)(process->bounds.maps_to + process->teardown.maps) -
			 (int64_t)process->bounds.maps_from;
	bool is_forked = vmt_summary_is_forked(process->view);
	bool is_first = !program->processes;
	struct vmt_summary_site *site;

	vmt_summary_add_process(program, growth, is_forked);
	for (site = program->sites; site; site = site->hh.next) {
		if (is_first || site->current > site->maps)
			site->maps = site->current;
		if (is_first || site->current_at_end > site->at_end)
			site->at_end = site->current_at_end;
		if (site->current_most > site->most)
			site->most = site->current_most;
		site->current = site->current_at_end = site->current_most = 0;
	}
	if (is_first || growth > program->growth) {
		program->growth = growth;
		program->torn_down = process->teardown.maps;
		program->torn_down_apart = is_apart(process) ? process->teardown.maps : 0;
		snprintf(program->torn_down_by, sizeof(program->torn_down_by), "%s",
			 process->teardown.function);
		program->merged = merged_of(process);
		program->pid = process->view->header.pid;
	}
	if (process->bounds.maps_to > program->maps)
		program->maps = process->bounds.maps_to;
	if (process->view->header.maps_kernel != process->view->header.maps_now ||
	    process->is_cut_short)
		vmt_summary_note_uncompared(program, process->view);
	program->is_cut_short |= process->is_cut_short;
	program->lacks_proc |= (process->view->header.notes & VMT_NOTE_NO_PROC) != 0;
	program->is_exact = (is_first || program->is_exact) && vmt_view_is_exact(process->view);
}

/*
 * Does this process have the highest peak so far? If so, what sites held at lower peaks is dropped.
 */
static bool is_highest(struct vmt_summary_program *program, const struct vmt_rec_header *header)
{
	struct vmt_summary_site *site;

	if (header->maps_peak <= program->peak)
		return false;
	for (site = program->sites; site; site = site->hh.next)
		site->at_peak = 0;
	program->peak = header->maps_peak;
	return true;
}

static void add_header(struct vmt_summary_program *program, const struct vmt_view *view)
{
	const struct vmt_rec_header *header = &view->header;

	if (header->unseen > program->unseen)
		program->unseen = header->unseen;
	program->limit = header->maps_limit;
	program->has_reached_limit |= vmt_report_is_limit_reached(view);
	if (!program->pid)
		program->pid = header->pid;
}

/* Was the process recorded after it had become another program? */
static bool has_next(const struct vmt_recordings *recordings, const struct vmt_rec_header *header)
{
	for (size_t i = 0; i < recordings->count; i++) {
		const struct vmt_rec_header *other = &recordings->item[i].view.header;

		if (other->pid == header->pid && other->pid_namespace == header->pid_namespace &&
		    other->start_realtime > header->start_realtime)
			return true;
	}
	return false;
}

/* The name is what programs are told apart by; one that only became another is not judged. */
static void note_exe(struct vmt_summary_program *program, const char *exe)
{
	if (!program->processes) {
		free(program->exe);
		program->exe = vmt_must_copy(exe);
	} else if (!program->other_exe && strcmp(program->exe, exe)) {
		program->other_exe = vmt_must_copy(exe);
	}
}

static int add_process(struct vmt_summary *summary, const char *exe, const char *name,
		       const struct vmt_view *view, const struct vmt_summary_options *options,
		       struct vmt_symbols *symbols)
{
	struct vmt_summary_program *program;
	struct process process = { .view = view };
	int ret = vmt_phase_find(view, &options->phase, &process.bounds);

	if (ret)
		return ret;
	program = vmt_summary_program(summary, name);
	if (!program->exe)
		program->exe = vmt_must_copy(exe);
	process.is_highest = is_highest(program, &view->header) && options->with_peak;
	add_header(program, view);
	if (view->header.end == VMT_END_EXEC)
		return 0;
	note_exe(program, exe);
	find_teardown(&process, symbols);
	process.with_most = options->with_most && process.teardown.maps && !process.ended_at_peak;
	open_process(&process);
	for (uint64_t i = VMT_SITE_FIRST; i < process.count; i++)
		add_site(program, &process, i, options->with_lines, symbols);
	add_unseen(program, &process);
	fold(program, &process);
	if (program->pid == view->header.pid)
		program->script_hint = vmt_interpreter_hint(view, symbols);
	if (!process.bounds.to)
		vmt_returned_read(program, view, symbols, &process.teardown);
	close_process(&process);
	return 0;
}

static void count_vanished(const struct vmt_summary *summary, const char *name,
			   const struct vmt_recordings *recordings, size_t index)
{
	const struct vmt_rec_header *header = &recordings->item[index].view.header;
	struct vmt_summary_program *program = vmt_summary_find_program(summary, name);

	if (header->end == VMT_END_EXEC && !has_next(recordings, header)) {
		program->vanished++;
		program->uncompared++;
	}
}

/* Modules of other runs, which may be the same ones with more symbols. */
static void add_twins(struct vmt_symbols *symbols, const struct vmt_recordings *recordings)
{
	for (size_t i = 0; recordings && i < recordings->count; i++) {
		const struct vmt_view *view = &recordings->item[i].view;
		uint64_t count = vmt_view_count(view, VMT_SECTION_MODULES);
		struct vmt_rec_module module;

		for (uint64_t k = 0; k < count; k++) {
			struct vmt_view_string path;

			if (!vmt_view_module(view, k, &module) || module.kind != VMT_MODULE_FILE)
				continue;
			path = vmt_view_string(view, module.path);
			vmt_symbols_add_twin(symbols,
					     &(struct vmt_symbols_module){
						     .path = path.bytes,
						     .path_length = path.length,
						     .build_id = module.build_id,
						     .build_id_length = module.build_id_length,
					     });
		}
	}
}

int vmt_summary_read(struct vmt_summary *summary, const struct vmt_recordings *recordings,
		     const struct vmt_summary_options *options)
{
	struct vmt_symbols *symbols = vmt_must(vmt_symbols_new(options->symbols));
	int result = -ENOENT;
	char *name;
	char *exe;
	int ret = 0;

	add_twins(symbols, options->twins);
	for (size_t i = 0; i < recordings->count; i++) {
		exe = vmt_summary_exe_of(&recordings->item[i]);
		name = vmt_summary_name_of(exe);
		ret = 0;
		if (vmt_summary_wants(options, name, exe)) {
			ret = add_process(summary, exe, name, &recordings->item[i].view, options,
					  symbols);
			if (!ret)
				count_vanished(summary, name, recordings, i);
			vmt_load_put_aside(&recordings->item[i]);
			if (!ret || (ret == -ERANGE && result == -ENOENT))
				result = ret;
		}
		free(name);
		free(exe);
		if (ret == -ENOSPC)
			break;
	}
	vmt_symbols_free(symbols);
	vmt_summary_sort(summary);
	return ret == -ENOSPC ? ret : result;
}
