/* SPDX-License-Identifier: MIT */
/*
 * OpenMetrics text, for Prometheus and the like to scrape, and the older text format, which
 * promtool and node_exporter's textfile collector read. A family of metrics must not be interrupted,
 * so each is written for all processes before the next begins. Labels are bounded: only the top call
 * sites have any. See metrics.h.
 */
#include "core/report/report.h"
#include "export/metrics.h"
#include "export/profile.h"
#include "export/utf8.h"
#include "util/must.h"

#include <inttypes.h>

#define LABEL_BYTES 200 /* a name may have thousands; Prometheus keeps each label in memory */

/* A value of one process; UINT64_MAX = unknown, and left out. */
typedef uint64_t metric_of(const struct vmt_metrics_process *process);

static uint64_t maps_now(const struct vmt_metrics_process *process)
{
	return process->view ? vmt_view_maps_now(process->view) : process->maps;
}

static uint64_t maps_limit(const struct vmt_metrics_process *process)
{
	uint64_t limit = process->view ? process->view->header.maps_limit : process->limit;

	return limit ? limit : UINT64_MAX;
}

static uint64_t maps_peak(const struct vmt_metrics_process *process)
{
	return process->view ? process->view->header.maps_peak : UINT64_MAX;
}

static uint64_t maps_start(const struct vmt_metrics_process *process)
{
	return process->view ? process->view->header.maps_start : UINT64_MAX;
}

static uint64_t unseen(const struct vmt_metrics_process *process)
{
	return process->view ? process->view->header.unseen : UINT64_MAX;
}

static uint64_t lost(const struct vmt_metrics_process *process)
{
	return process->view ? process->view->header.lost : UINT64_MAX;
}

static const struct {
	const char *name;
	bool is_counter;
	const char *help;
	metric_of *value;
} of_process[] = {
	{ "process_memory_map_areas", false, "Memory maps (VMAs) that the process has.", maps_now },
	{ "process_memory_map_areas_limit", false, "vm.max_map_count for the process.",
	  maps_limit },
	{ "vmatrace_maps_peak", false, "The most maps that the process has had.", maps_peak },
	{ "vmatrace_maps_start", false, "Maps when tracing began.", maps_start },
	{ "vmatrace_unseen", true, "Maps that came or went without a call that was seen.", unseen },
	{ "vmatrace_lost", true, "Calls recorded without a stack.", lost },
};

static const struct {
	const char *name;
	const char *help;
	size_t offset; /* offset in struct vmt_rec_counters */
} of_call[] = {
	{ "vmatrace_calls", "System calls that can change maps.",
	  offsetof(struct vmt_rec_counters, calls) },
	{ "vmatrace_failed_calls", "System calls that can change maps, and failed.",
	  offsetof(struct vmt_rec_counters, failed) },
	{ "vmatrace_maps_created", "Maps created.", offsetof(struct vmt_rec_counters, created) },
	{ "vmatrace_maps_split", "Maps that a call made by splitting one.",
	  offsetof(struct vmt_rec_counters, split) },
	{ "vmatrace_maps_merged", "Maps that became part of a neighbour.",
	  offsetof(struct vmt_rec_counters, merged) },
	{ "vmatrace_maps_removed", "Maps removed.", offsetof(struct vmt_rec_counters, removed) },
};

/* Returns the length of a text, cut between two characters if it is long. */
static size_t label_length(const char *text)
{
	size_t n = strnlen(text, LABEL_BYTES + 1);

	if (n <= LABEL_BYTES)
		return n;
	for (n = LABEL_BYTES; n && ((unsigned char)text[n] & 0xc0) == 0x80;)
		n--;
	return n;
}

static void put_label(FILE *stream, const char *before, const char *name, const char *value)
{
	size_t n = label_length(value);

	fprintf(stream, "%s%s=\"", before, name);
	for (size_t i = 0; i < n; i++) {
		if (value[i] == '"' || value[i] == '\\')
			putc('\\', stream);
		putc(value[i], stream);
	}
	putc('"', stream);
}

/* Write a metric up to the labels that all metrics of a process have, without the closing brace. */
static void put_metric(FILE *stream, const struct vmt_metrics_process *process, const char *name,
		       const char *suffix)
{
	fprintf(stream, "%s%s", name, suffix);
	put_label(stream, "{", "program", process->program);
	fprintf(stream, ",pid=\"%" PRIu32 "\",image=\"%" PRIu32 "\"", process->pid,
		process->view ? process->view->header.image : 1);
}

static const char *suffix_of(const struct vmt_metrics *metrics, bool is_counter)
{
	return is_counter && metrics->form != VMT_METRICS_BOTH ? "_total" : "";
}

/* In the older form, a counter is declared by the name that its samples have. */
static void put_family(FILE *stream, const struct vmt_metrics *metrics, const char *name,
		       bool is_counter, const char *help)
{
	const char *suffix =
		metrics->form == VMT_METRICS_PROMETHEUS ? suffix_of(metrics, is_counter) : "";
	const char *type = is_counter && metrics->form != VMT_METRICS_BOTH ? "counter" : "gauge";

	fprintf(stream, "# HELP %s%s %s\n# TYPE %s%s %s\n", name, suffix, help, name, suffix, type);
}

static void put_of_process(FILE *stream, const struct vmt_metrics *metrics)
{
	for (size_t i = 0; i < VMT_COUNT(of_process); i++) {
		put_family(stream, metrics, of_process[i].name, of_process[i].is_counter,
			   of_process[i].help);
		for (size_t k = 0; k < metrics->count; k++) {
			const struct vmt_metrics_process *process = &metrics->process[k];
			uint64_t value = of_process[i].value(process);

			if (value == UINT64_MAX)
				continue;
			put_metric(stream, process, of_process[i].name,
				   suffix_of(metrics, of_process[i].is_counter));
			fprintf(stream, "} %" PRIu64 "\n", value);
		}
	}
}

static void put_of_call(FILE *stream, const struct vmt_metrics *metrics,
			const struct vmt_metrics_process *process, size_t i)
{
	uint64_t count = vmt_view_count(process->view, VMT_SECTION_CALLS);
	struct vmt_rec_counters counters;
	uint64_t value;

	for (uint64_t call = VMT_CALL_NONE + 1; call < count && call < VMT_CALL_COUNT; call++) {
		if (!vmt_view_call(process->view, call, &counters) || !counters.calls)
			continue;
		memcpy(&value, (const char *)&counters + of_call[i].offset, sizeof(value));
		put_metric(stream, process, of_call[i].name, suffix_of(metrics, true));
		fprintf(stream, ",call=\"%s\"} %" PRIu64 "\n", vmt_calls_name((uint32_t)call),
			value);
	}
}

static void put_of_calls(FILE *stream, const struct vmt_metrics *metrics)
{
	for (size_t i = 0; i < VMT_COUNT(of_call); i++) {
		put_family(stream, metrics, of_call[i].name, true, of_call[i].help);
		for (size_t k = 0; k < metrics->count; k++) {
			if (metrics->process[k].view)
				put_of_call(stream, metrics, &metrics->process[k], i);
		}
	}
}

struct site_rank {
	uint64_t index;
	uint64_t live;
};

static int by_live(const void *a, const void *b)
{
	const struct site_rank *one = a, *two = b;

	if (one->live != two->live)
		return one->live < two->live ? 1 : -1;
	return (one->index > two->index) - (one->index < two->index);
}

/* Only names of the sites that are shown are looked up. Returns how many sites have live maps. */
static size_t rank_sites(const struct vmt_view *view, struct site_rank **ret_rank)
{
	uint64_t count = vmt_view_count(view, VMT_SECTION_SITES);
	struct vmt_view_totals *totals = vmt_must_alloc(count, sizeof(*totals));
	struct site_rank *rank = vmt_must_alloc(count, sizeof(*rank));
	size_t ranked = 0;

	vmt_view_totals(view, totals, count);
	for (uint64_t i = VMT_SITE_FIRST; i < count; i++) {
		if (totals[i].live)
			rank[ranked++] = (struct site_rank){ i, totals[i].live };
	}
	free(totals);
	qsort(rank, ranked, sizeof(*rank), by_live);
	*ret_rank = rank;
	return ranked;
}

static void put_of_sites(FILE *stream, const struct vmt_metrics_process *process, uint64_t most,
			 struct vmt_symbols *symbols)
{
	struct vmt_profile profile = { .view = process->view };
	struct vmt_profile_sample sample;
	struct site_rank *rank;
	size_t count = rank_sites(process->view, &rank);

	for (size_t i = 0; i < count && i < most; i++) {
		char *where;

		if (!vmt_view_site(process->view, rank[i].index, &sample.site))
			memset(&sample.site, 0, sizeof(sample.site));
		where = vmt_profile_where(&profile, &sample, symbols);
		put_metric(stream, process, "vmatrace_site_maps", "");
		fprintf(stream, ",site=\"%" PRIu64 "\",call=\"%s\"", rank[i].index,
			vmt_calls_name(sample.site.call));
		put_label(stream, ",", "where", where);
		fprintf(stream, "} %" PRIu64 "\n", rank[i].live);
		free(where);
	}
	free(rank);
}

static void put_of_processes(FILE *stream, const struct vmt_metrics *metrics)
{
	uint64_t traced = 0;

	for (size_t i = 0; i < metrics->count; i++)
		traced += metrics->process[i].view != NULL;
	put_family(
		stream, metrics, "vmatrace_processes", false,
		"Processes that were looked at: traced, untraced, and left out for lack of room.");
	fprintf(stream,
		"vmatrace_processes{state=\"traced\"} %" PRIu64
		"\nvmatrace_processes{state=\"untraced\"} %" PRIu64
		"\nvmatrace_processes{state=\"left_out\"} %" PRIu64 "\n",
		traced, metrics->count - traced, metrics->left_out);
}

static uint64_t start_of(const struct vmt_metrics_process *process)
{
	return process->view ? process->view->header.start_realtime : 0;
}

static uint32_t image_of(const struct vmt_metrics_process *process)
{
	return process->view ? process->view->header.image : 1;
}

/*
 * Does a later process have the same labels? Then the later one is written instead. Pids are
 * reused, and the same recording may be named twice.
 */
static bool is_superseded(const struct vmt_metrics *metrics, size_t index)
{
	const struct vmt_metrics_process *one = &metrics->process[index];

	for (size_t i = 0; i < metrics->count; i++) {
		const struct vmt_metrics_process *other = &metrics->process[i];

		if (i == index || other->pid != one->pid || image_of(other) != image_of(one) ||
		    strcmp(other->program, one->program) != 0)
			continue;
		if (start_of(other) > start_of(one) ||
		    (start_of(other) == start_of(one) && i < index))
			return true;
	}
	return false;
}

static void choose_processes(struct vmt_metrics *metrics)
{
	size_t kept = 0;

	for (size_t i = 0; i < metrics->count; i++)
		metrics->process[i].is_left_out = is_superseded(metrics, i);
	for (size_t i = 0; i < metrics->count; i++) {
		if (metrics->process[i].is_left_out)
			free(metrics->process[i].program);
		else
			metrics->process[kept++] = metrics->process[i];
	}
	metrics->count = kept;
}

static struct vmt_metrics_process *add_process(struct vmt_metrics *metrics)
{
	metrics->process =
		vmt_must_grow(metrics->process, metrics->count, sizeof(*metrics->process));
	metrics->process[metrics->count] = (struct vmt_metrics_process){ .view = NULL };
	return &metrics->process[metrics->count++];
}

void vmt_metrics_add(struct vmt_metrics *metrics, const struct vmt_view *view, uint32_t pid)
{
	struct vmt_view_string exe = vmt_report_base_name(vmt_view_string(view, view->header.exe));
	struct vmt_metrics_process *process = add_process(metrics);

	process->view = view;
	process->pid = pid;
	process->program =
		exe.length ? vmt_utf8_copy(exe.bytes, exe.length) : vmt_must_copy("[unknown]");
}

void vmt_metrics_add_untraced(struct vmt_metrics *metrics, const char *program, uint32_t pid,
			      uint64_t maps, uint64_t limit)
{
	struct vmt_metrics_process *process = add_process(metrics);

	process->pid = pid;
	process->maps = maps;
	process->limit = limit;
	process->program = vmt_utf8_copy(program, strlen(program));
}

void vmt_metrics_write(FILE *stream, struct vmt_metrics *metrics, struct vmt_symbols *symbols)
{
	choose_processes(metrics);
	if (metrics->counts_processes)
		put_of_processes(stream, metrics);
	put_of_process(stream, metrics);
	put_of_calls(stream, metrics);
	put_family(stream, metrics, "vmatrace_site_maps", false,
		   "Live maps of the call sites that have the most.");
	for (size_t i = 0; i < metrics->count; i++) {
		if (metrics->process[i].view)
			put_of_sites(stream, &metrics->process[i], metrics->top, symbols);
	}
	if (metrics->form != VMT_METRICS_PROMETHEUS)
		fputs("# EOF\n", stream);
}

void vmt_metrics_free(struct vmt_metrics *metrics)
{
	for (size_t i = 0; i < metrics->count; i++)
		free(metrics->process[i].program);
	free(metrics->process);
	metrics->process = NULL;
	metrics->count = 0;
}
