/* SPDX-License-Identifier: MIT */
/* See trial.h. The program's output goes to files without a name, so that none of it is lost. */
#include "try/trial.h"
#include "core/report/report.h"
#include "explain/allocators.h"
#include "explain/explain_owner.h"
#include "explain/explain_record.h"
#include "input/liveness.h"
#include "input/load.h"
#include "run/launch.h"
#include "try/imports.h"
#include "util/message.h"
#include "util/must.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define GUARD_MOST (UINT64_C(16) << 10) /* as in preload/remedy/remedy.c */

static bool copy(int from, int to)
{
	char buffer[65536];
	ssize_t n;

	while ((n = read(from, buffer, sizeof(buffer))) > 0) {
		for (ssize_t done = 0, one; done < n; done += one) {
			one = write(to, buffer + done, (size_t)(n - done));
			if (one < 0)
				return false;
		}
	}
	return n == 0;
}

int vmt_trial_begin(struct vmt_trials *trials, char **command)
{
	*trials = (struct vmt_trials){ .command = command, .input = -1 };
	trials->preload = getenv("LD_PRELOAD") ? vmt_must_copy(getenv("LD_PRELOAD")) : NULL;
	trials->options =
		getenv("VMATRACE_OPTIONS") ? vmt_must_copy(getenv("VMATRACE_OPTIONS")) : NULL;
	if (isatty(0) || fcntl(0, F_GETFD) < 0)
		return 0;
	trials->input = memfd_create("vmatrace-input", MFD_CLOEXEC);
	if (trials->input < 0 || !copy(0, trials->input))
		return -errno;
	return 0;
}

void vmt_trial_end(struct vmt_trials *trials)
{
	if (trials->input >= 0)
		close(trials->input);
	free(trials->preload);
	free(trials->options);
}

static void set(const char *name, const char *first, const char *between, const char *second)
{
	char *value = vmt_must_format("%s%s%s", first ? first : "", first && second ? between : "",
				      second ? second : "");

	if (*value)
		setenv(name, value, 1);
	else
		unsetenv(name);
	free(value);
}

/* Our descriptors 0 to 2, while those of the trial take their place. */
struct streams {
	int saved[3];
};

static void redirect(struct streams *streams, const struct vmt_trials *trials,
		     const struct vmt_trial *trial)
{
	int files[3] = { trials->input, trial->output[0], trial->output[1] };

	fflush(NULL);
	if (trials->input >= 0)
		lseek(trials->input, 0, SEEK_SET);
	for (int i = 0; i < 3; i++) {
		streams->saved[i] = fcntl(i, F_DUPFD_CLOEXEC, 3);
		if (files[i] >= 0)
			dup2(files[i], i);
	}
}

static void put_back(const struct streams *streams)
{
	fflush(NULL);
	for (int i = 0; i < 3; i++) {
		if (streams->saved[i] < 0)
			continue;
		dup2(streams->saved[i], i);
		close(streams->saved[i]);
	}
}

/* If a program has children, the process with the most maps is examined. */
static const struct vmt_view *largest(const struct vmt_recordings *recordings)
{
	const struct vmt_view *best = NULL;

	for (size_t i = 0; i < recordings->count; i++) {
		const struct vmt_view *view = &recordings->item[i].view;

		if (!best || view->header.maps_peak > best->header.maps_peak)
			best = view;
	}
	return best;
}

static bool names(const struct vmt_explain_map *map, const char *part)
{
	return map->name && memmem(map->name, map->name_length, part, strlen(part));
}

/*
 * Do most pieces that show the pattern look like guards to the library, which leaves them closed?
 * Then nothing is promised.
 */
static bool are_guards(const struct vmt_explain *explain, enum vmt_pattern pattern)
{
	uint64_t pieces = 0, guards = 0;

	for (size_t i = 0; i < explain->count; i++) {
		const struct vmt_explain_map *map = &explain->map[i];

		if (!(map->shows >> pattern & 1) || map->flags & VMT_MAP_ACCESS)
			continue;
		pieces++;
		guards += map->end - map->start <= GUARD_MOST && map->put_call == VMT_CALL_MPROTECT;
	}
	return guards > pieces / 4;
}

static bool is_tried(const struct vmt_explain *explain, const struct vmt_explain_pattern *at)
{
	if (at->pattern == VMT_PATTERN_ADVICE && explain->advice == MADV_WIPEONFORK)
		return false;
	if (at->beside != VMT_NO_INDEX)
		return false;
	/* MAP_LOCKED stays. */
	if (at->pattern == VMT_PATTERN_LOCKS &&
	    vmt_explain_call_of(explain->map, explain->count, at->by.site) == VMT_CALL_MMAP)
		return false;
	if (at->pattern != VMT_PATTERN_COMMITTED && at->pattern != VMT_PATTERN_DECOMMIT)
		return !at->is_open;
	return !at->is_open && !are_guards(explain, at->pattern);
}

static void read_maps(const struct vmt_explain *explain, struct vmt_evidence *evidence)
{
	static const char *const others[] = { "libjemalloc", "libtcmalloc", "libmimalloc",
					      "libefence", "libduma" };

	for (size_t i = 0; i < explain->pattern_count; i++) {
		const struct vmt_explain_pattern *at = &explain->patterns[i];

		evidence->shows[at->pattern] = true;
		evidence->could_save[at->pattern] = at->saves;
		evidence->saves[at->pattern] = is_tried(explain, at) ? at->saves : 0;
	}
	for (size_t i = 0; i < explain->count; i++) {
		for (size_t j = 0; j < VMT_COUNT(others); j++) {
			if (!evidence->allocator && names(&explain->map[i], others[j]))
				evidence->allocator = others[j];
		}
	}
	evidence->keeps_stacks = evidence->shows[VMT_PATTERN_ENDED_THREADS] && explain->are_kept;
	evidence->is_glibcs = evidence->is_glibcs || evidence->shows[VMT_PATTERN_ARENAS] ||
			      evidence->shows[VMT_PATTERN_ARENA_HEAPS] ||
			      (explain->holes_of && !strncmp(explain->holes_of, "libc.so", 7));
}

/* Add up the call sites, since only calls that may change maps have one; MADV_DONTNEED does not. */
static void read_calls(const struct vmt_view *view, struct vmt_symbols *symbols,
		       struct vmt_evidence *evidence)
{
	uint64_t count = vmt_view_count(view, VMT_SECTION_SITES);
	struct vmt_rec_site site;
	uint64_t holes = 0; /* of libc's free, also if all is given back at the end */

	for (uint64_t i = VMT_SITE_FIRST; i < count; i++) {
		if (!vmt_view_site(view, i, &site) || site.call >= VMT_CALL_COUNT)
			continue;
		evidence->calls[site.call].calls += site.counters.calls;
		evidence->calls[site.call].failed += site.counters.failed;
		evidence->calls[site.call].split += site.counters.split;
		evidence->at_peak[site.call] += vmt_view_live_at_peak(view, &site, site.live);
		if (vmt_explain_is_libcs_free(view, &site, symbols))
			holes += vmt_view_live_at_peak(view, &site, site.live);
	}
	if (holes >= VMT_EXPLAIN_LEAST)
		evidence->is_glibcs = evidence->shows[VMT_PATTERN_HOLES] = true;
}

static bool is_path_of(struct vmt_view_string a, struct vmt_view_string b)
{
	return a.length == b.length && !memcmp(a.bytes, b.bytes, a.length);
}

/*
 * Does the program's malloc, which is not glibc's, make a good part of its maps? A library that is
 * loaded first takes its place, unless it is in the program itself.
 */
static bool is_replaceable(const struct vmt_view *view, struct vmt_symbols *symbols)
{
	uint64_t sites = vmt_view_count(view, VMT_SECTION_SITES);
	struct vmt_view_totals *totals = calloc(sites + 1, sizeof(*totals));
	struct vmt_view_string exe = vmt_view_string(view, view->header.exe);
	struct vmt_allocators allocators = { .count = 0 };
	bool is_one = false;

	if (totals) {
		vmt_view_totals(view, totals, sites);
		vmt_allocators_read(view, totals, symbols, &allocators);
	}
	for (size_t i = 0; i < allocators.count; i++) {
		const struct vmt_allocator *item = &allocators.item[i];

		is_one |= item->counts.flags & (VMT_ALLOCATOR_NEXT | VMT_ALLOCATOR_BEFORE) &&
			  item->path.length && !is_path_of(item->path, exe) &&
			  !vmt_imports_is_libc(item->path) &&
			  item->maps_at_peak >= VMT_EXPLAIN_LEAST &&
			  item->maps_at_peak >= view->header.maps_peak / 4;
	}
	free(totals);
	return is_one;
}

static void read_evidence(const struct vmt_view *view, struct vmt_evidence *evidence)
{
	struct vmt_symbols *symbols = vmt_symbols_new(NULL);
	struct vmt_explain_record record;

	*evidence = (struct vmt_evidence){ .tunables = view->header.tunables };
	read_calls(view, symbols, evidence);
	evidence->is_replaceable = is_replaceable(view, symbols);
	evidence->calls_mallopt = vmt_imports_any(view, "mallopt");
	if (!vmt_explain_record(view, symbols, &record))
		read_maps(&record.explain, evidence);
	vmt_explain_record_free(&record);
	vmt_symbols_free(symbols);
}

static void read_recordings(const struct vmt_launch *launch, struct vmt_trial *trial,
			    struct vmt_evidence *evidence)
{
	struct vmt_recordings recordings = { NULL, 0 };
	const struct vmt_view *view;

	(void)vmt_load_path(&recordings, launch->directory);
	view = largest(&recordings);
	if (view) {
		trial->is_recorded = true;
		trial->maps_start = view->header.maps_start;
		trial->maps_peak = view->header.maps_peak;
		trial->maps_end = view->header.maps_now;
		trial->is_at_limit = vmt_report_is_limit_reached(view);
		if (evidence)
			read_evidence(view, evidence);
	}
	vmt_load_free(&recordings);
}

int vmt_trial_run(const struct vmt_trials *trials, const char *options, const char *preload,
		  struct vmt_trial *ret_trial, struct vmt_evidence *ret_evidence)
{
	static struct vmt_launch launch;
	struct vmt_trial *trial = ret_trial;
	struct streams streams;
	uint64_t began;
	int ret;

	*trial = (struct vmt_trial){ .output = { memfd_create("vmatrace-output", MFD_CLOEXEC),
						 memfd_create("vmatrace-error", MFD_CLOEXEC) } };
	if (trial->output[0] < 0 || trial->output[1] < 0) {
		vmt_message("cannot make a file for the program's output: %s", strerror(errno));
		return VMT_EXIT_FAILED;
	}
	set("LD_PRELOAD", preload, ":", trials->preload);
	set("VMATRACE_OPTIONS", trials->options, ":", options);
	redirect(&streams, trials, trial);
	began = vmt_liveness_now(CLOCK_MONOTONIC);
	ret = vmt_launch_run(trials->command, &launch);
	trial->ns = vmt_liveness_now(CLOCK_MONOTONIC) - began;
	put_back(&streams);
	if (ret)
		vmt_trial_pass_output(trial);
	else
		read_recordings(&launch, trial, ret_evidence);
	if (trial->is_recorded)
		vmt_outdir_others(launch.directory, launch.pid, 0, &trial->others);
	trial->status = launch.status;
	vmt_launch_clean(&launch);
	return ret;
}

void vmt_trial_free(struct vmt_trial *trial)
{
	for (int i = 0; i < 2; i++) {
		if (trial->output[i] >= 0)
			close(trial->output[i]);
		trial->output[i] = -1;
	}
}

static bool is_same_file(int a, int b)
{
	char one[4096], two[4096];
	ssize_t n, m;

	for (off_t at = 0;; at += n) {
		n = pread(a, one, sizeof(one), at);
		m = pread(b, two, sizeof(two), at);
		if (n != m || n < 0 || memcmp(one, two, (size_t)n))
			return false;
		if (!n)
			return true;
	}
}

bool vmt_trial_is_same_output(const struct vmt_trial *a, const struct vmt_trial *b)
{
	return is_same_file(a->output[0], b->output[0]) && is_same_file(a->output[1], b->output[1]);
}

void vmt_trial_pass_output(const struct vmt_trial *trial)
{
	for (int i = 0; i < 2; i++) {
		lseek(trial->output[i], 0, SEEK_SET);
		(void)copy(trial->output[i], i + 1);
	}
}
