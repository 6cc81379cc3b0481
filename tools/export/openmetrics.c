/* SPDX-License-Identifier: MIT */
/*
 * OpenMetrics text, for Prometheus and the like to scrape, or for node_exporter's textfile
 * collector. A family of metrics must not be interrupted, so each is written for all processes
 * before the next begins. Labels are bounded: only the top call sites have any.
 */
#include "core/report/report.h"
#include "export/profile.h"
#include "export/utf8.h"
#include "util/must.h"

#include <inttypes.h>

struct metric_process {
	const struct vmt_view *view;
	char *program;
	bool is_left_out;
};

struct metrics {
	FILE *stream;
	struct metric_process *process;
	size_t count;
};

/* A counter of one process; UINT64_MAX = unknown, and left out. */
typedef uint64_t metric_of(const struct vmt_view *view);

static uint64_t maps_now(const struct vmt_view *view)
{
	return vmt_view_maps_now(view);
}

static uint64_t maps_limit(const struct vmt_view *view)
{
	return view->header.maps_limit ? view->header.maps_limit : UINT64_MAX;
}

static uint64_t maps_peak(const struct vmt_view *view)
{
	return view->header.maps_peak;
}

static uint64_t maps_start(const struct vmt_view *view)
{
	return view->header.maps_start;
}

static uint64_t unseen(const struct vmt_view *view)
{
	return view->header.unseen;
}

static uint64_t lost(const struct vmt_view *view)
{
	return view->header.lost;
}

static const struct {
	const char *name;
	const char *suffix;
	const char *type;
	const char *help;
	metric_of *value;
} of_process[] = {
	{ "process_memory_map_areas", "", "gauge", "Memory maps (VMAs) that the process has.",
	  maps_now },
	{ "process_memory_map_areas_limit", "", "gauge", "vm.max_map_count for the process.",
	  maps_limit },
	{ "vmatrace_maps_peak", "", "gauge", "The most maps that the process has had.", maps_peak },
	{ "vmatrace_maps_start", "", "gauge", "Maps when tracing began.", maps_start },
	{ "vmatrace_unseen", "_total", "counter",
	  "Maps that came or went without a call that was seen.", unseen },
	{ "vmatrace_lost", "_total", "counter", "Calls recorded without a stack.", lost },
};

static const struct {
	const char *name;
	const char *help;
	size_t offset; /* offset in struct vmt_rec_counters */
} of_call[] = {
	{ "vmatrace_calls", "System calls that can change maps.",
	  offsetof(struct vmt_rec_counters, calls) },
	{ "vmatrace_failed_calls", "Those that failed.",
	  offsetof(struct vmt_rec_counters, failed) },
	{ "vmatrace_maps_created", "Maps created.", offsetof(struct vmt_rec_counters, created) },
	{ "vmatrace_maps_split", "Maps that a call made by splitting one.",
	  offsetof(struct vmt_rec_counters, split) },
	{ "vmatrace_maps_merged", "Maps that became part of a neighbour.",
	  offsetof(struct vmt_rec_counters, merged) },
	{ "vmatrace_maps_removed", "Maps removed.", offsetof(struct vmt_rec_counters, removed) },
};

static void put_label(FILE *stream, const char *before, const char *name, const char *value)
{
	fprintf(stream, "%s%s=\"", before, name);
	for (const char *at = value; *at; at++) {
		if (*at == '"' || *at == '\\')
			putc('\\', stream);
		putc(*at, stream);
	}
	putc('"', stream);
}

/* Write a metric up to the labels that all metrics of a process have, without the closing brace. */
static void put_metric(const struct metrics *out, const struct metric_process *process,
		       const char *name, const char *suffix)
{
	fprintf(out->stream, "%s%s", name, suffix);
	put_label(out->stream, "{", "program", process->program);
	fprintf(out->stream, ",pid=\"%" PRIu32 "\",image=\"%" PRIu32 "\"",
		process->view->header.pid, process->view->header.image);
}

static void put_family(const struct metrics *out, const char *name, const char *type,
		       const char *help)
{
	fprintf(out->stream, "# TYPE %s %s\n# HELP %s %s\n", name, type, name, help);
}

static void put_of_process(const struct metrics *out)
{
	for (size_t i = 0; i < VMT_COUNT(of_process); i++) {
		put_family(out, of_process[i].name, of_process[i].type, of_process[i].help);
		for (size_t k = 0; k < out->count; k++) {
			uint64_t value = of_process[i].value(out->process[k].view);

			if (value == UINT64_MAX)
				continue;
			put_metric(out, &out->process[k], of_process[i].name, of_process[i].suffix);
			fprintf(out->stream, "} %" PRIu64 "\n", value);
		}
	}
}

static void put_of_call(const struct metrics *out, const struct metric_process *process, size_t i)
{
	uint64_t count = vmt_view_count(process->view, VMT_SECTION_CALLS);
	struct vmt_rec_counters counters;
	uint64_t value;

	for (uint64_t call = VMT_CALL_NONE + 1; call < count && call < VMT_CALL_COUNT; call++) {
		if (!vmt_view_call(process->view, call, &counters) || !counters.calls)
			continue;
		memcpy(&value, (const char *)&counters + of_call[i].offset, sizeof(value));
		put_metric(out, process, of_call[i].name, "_total");
		fprintf(out->stream, ",call=\"%s\"} %" PRIu64 "\n", vmt_calls_name((uint32_t)call),
			value);
	}
}

static void put_of_calls(const struct metrics *out)
{
	for (size_t i = 0; i < VMT_COUNT(of_call); i++) {
		put_family(out, of_call[i].name, "counter", of_call[i].help);
		for (size_t k = 0; k < out->count; k++)
			put_of_call(out, &out->process[k], i);
	}
}

static void put_of_sites(const struct metrics *out, const struct metric_process *process,
			 uint64_t most, struct vmt_symbols *symbols)
{
	const struct vmt_profile_sample **top;
	struct vmt_profile profile;
	size_t count;

	vmt_profile_read(&profile, process->view, symbols);
	count = vmt_profile_top(&profile, VMT_EXPORT_LIVE, most, &top);
	for (size_t i = 0; i < count; i++) {
		char *where = vmt_profile_where(&profile, top[i], symbols);
		put_metric(out, process, "vmatrace_site_maps", "");
		fprintf(out->stream, ",site=\"%" PRIu64 "\",call=\"%s\"", top[i]->index,
			vmt_calls_name(top[i]->site.call));
		put_label(out->stream, ",", "where", where);
		fprintf(out->stream, "} %" PRIu64 "\n", top[i]->value[VMT_EXPORT_LIVE]);
		free(where);
	}
	free(top);
	vmt_profile_free(&profile);
}

/*
 * Does a later process have the same labels? Then that is written instead: pids are reused, and the
 * same recording may be named twice.
 */
static bool is_superseded(const struct metrics *out, size_t index)
{
	const struct metric_process *one = &out->process[index];
	const struct vmt_rec_header *header = &one->view->header;

	for (size_t i = 0; i < out->count; i++) {
		const struct vmt_rec_header *other = &out->process[i].view->header;

		if (i == index || other->pid != header->pid || other->image != header->image ||
		    strcmp(out->process[i].program, one->program) != 0)
			continue;
		if (other->start_realtime > header->start_realtime ||
		    (other->start_realtime == header->start_realtime && i < index))
			return true;
	}
	return false;
}

static void choose_processes(struct metrics *out)
{
	size_t kept = 0;

	for (size_t i = 0; i < out->count; i++)
		out->process[i].is_left_out = is_superseded(out, i);
	for (size_t i = 0; i < out->count; i++) {
		if (out->process[i].is_left_out)
			free(out->process[i].program);
		else
			out->process[kept++] = out->process[i];
	}
	out->count = kept;
}

static void add_process(struct metrics *out, const struct vmt_view *view)
{
	struct vmt_view_string exe = vmt_report_base_name(vmt_view_string(view, view->header.exe));

	struct metric_process *process = &out->process[out->count++];

	process->view = view;
	process->program =
		exe.length ? vmt_utf8_copy(exe.bytes, exe.length) : vmt_must_copy("[unknown]");
}

int vmt_openmetrics_write(FILE *stream, const struct vmt_recordings *recordings,
			  const struct vmt_export_options *options, struct vmt_symbols *symbols)
{
	struct metrics out = { .stream = stream };

	out.process = vmt_must_alloc(recordings->count, sizeof(*out.process));
	for (size_t i = 0; i < recordings->count; i++) {
		if (vmt_export_is_wanted(options, &recordings->item[i].view))
			add_process(&out, &recordings->item[i].view);
	}
	choose_processes(&out);
	put_of_process(&out);
	put_of_calls(&out);
	put_family(&out, "vmatrace_site_maps", "gauge",
		   "Live maps of the call sites that have most.");
	for (size_t i = 0; i < out.count; i++)
		put_of_sites(&out, &out.process[i], options->top ? options->top : VMT_EXPORT_TOP,
			     symbols);
	fputs("# EOF\n", stream);
	for (size_t i = 0; i < out.count; i++)
		free(out.process[i].program);
	free(out.process);
	return 0;
}
