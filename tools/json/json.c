/* SPDX-License-Identifier: MIT */
/*
 * The JSON report. It contains everything that the text report has, unshortened; unknown values are
 * null. If jansson cannot allocate a value, that value is left out.
 */
#include "core/report/report.h"
#include "explain/explain_record.h"
#include "input/liveness.h"
#include "json/json_allocators.h"
#include "json/json_explain.h"
#include "json/json.h"
#include "json/json_output.h"
#include "json/json_parts.h"

#include <errno.h>
#include <stdlib.h>

static json_t *command_of(const struct vmt_view *view)
{
	struct vmt_view_string text = vmt_view_string(view, view->header.command);
	json_t *command = json_array();
	uint32_t start = 0;

	for (uint32_t i = 0; i < text.length; i++) {
		if (text.bytes[i] && i + 1 < text.length)
			continue;
		json_array_append_new(command, vmt_value_text(text.bytes + start,
							      i + (text.bytes[i] != '\0') - start));
		start = i + 1;
	}
	return command;
}

static const char *end_of(const struct vmt_view *view)
{
	switch (view->header.end) {
	case VMT_END_EXIT: return "exit";
	case VMT_END_SIGNAL: return "signal";
	case VMT_END_EXEC: return "exec";
	case VMT_END_RUNNING: return vmt_liveness_is_gone(view) ? "unknown" : "running";
	default: return "unknown";
	}
}

static json_t *status_of(const struct vmt_rec_header *header)
{
	if (header->end == VMT_END_EXIT)
		return json_integer(header->status & 255);
	return header->end == VMT_END_SIGNAL ? json_integer(header->status) : json_null();
}

static json_t *number_or_null(uint64_t value, uint64_t unknown)
{
	return value == unknown ? json_null() : json_integer((json_int_t)value);
}

static json_t *maps_of(const struct vmt_view *view)
{
	const struct vmt_rec_header *header = &view->header;
	json_t *maps = json_object();

	vmt_value_add_number(maps, "start", header->maps_start);
	vmt_value_add_number(maps, "now", vmt_view_maps_now(view));
	vmt_value_add_number(maps, "peak", header->maps_peak);
	json_object_set_new(maps, "peak_time", vmt_value_seconds(header->maps_peak_time));
	json_object_set_new(maps, "limit", number_or_null(header->maps_limit, 0));
	vmt_value_add_number(maps, "own", header->maps_own);
	json_object_set_new(maps, "kernel", number_or_null(header->maps_kernel, UINT64_MAX));
	return maps;
}

static json_t *doors_of(uint32_t doors)
{
	static const char *const names[] = { "wrappers", "sites" };
	json_t *array = json_array();

	for (uint32_t i = 0; i < VMT_COUNT(names); i++) {
		if (doors >> i & 1)
			json_array_append_new(array, json_string(names[i]));
	}
	return array;
}

static json_t *notes_of(uint64_t notes)
{
	json_t *array = json_array();

	for (uint32_t bit = 0; bit < 64; bit++) {
		if (notes >> bit & 1 && vmt_report_note(bit))
			json_array_append_new(array, json_string(vmt_report_note(bit)));
	}
	return array;
}

/* The sections whose content has been altered. */
static json_t *damaged_of(const struct vmt_view *view)
{
	json_t *array = json_array();

	for (uint32_t id = 0; id < VMT_SECTION_COUNT; id++) {
		if (view->damaged >> id & 1)
			json_array_append_new(array, json_string(vmt_damage_section_name(id)));
	}
	return array;
}

/* What the library was doing, or where it was interrupted if the process is gone. */
static json_t *under_way(const struct vmt_view *view)
{
	static const char *const names[VMT_DOING_COUNT] = {
		[VMT_DOING_SITE] = "site",
		[VMT_DOING_CALL] = "call",
		[VMT_DOING_MAPS] = "maps",
		[VMT_DOING_COUNTS] = "counts",
	};
	uint32_t doing = view->header.doing;

	return doing < VMT_DOING_COUNT && names[doing] ? json_string(names[doing]) : json_null();
}

static json_t *coverage_of(const struct vmt_view *view)
{
	const struct vmt_rec_header *header = &view->header;
	json_t *coverage = json_object();
	json_t *asked = json_object();

	vmt_value_add_number(asked, "query", header->asked_query);
	vmt_value_add_number(asked, "probe", header->asked_probe);
	vmt_value_add_number(asked, "maps", header->asked_maps);
	vmt_value_add_number(asked, "files", header->asked_files);
	json_object_set_new(coverage, "doors", doors_of(header->doors));
	json_object_set_new(coverage, "exact", json_boolean(vmt_view_is_exact(view)));
	vmt_value_add_number(coverage, "unseen", header->unseen);
	vmt_value_add_number(coverage, "concurrent", vmt_view_concurrent(view));
	vmt_value_add_number(coverage, "lost", header->lost);
	vmt_value_add_number(coverage, "relearned", header->relearned);
	vmt_value_add_number(coverage, "calls", header->calls_seen);
	vmt_value_add_number(coverage, "derived", header->calls_derived);
	json_object_set_new(coverage, "asked", asked);
	vmt_value_add_number(coverage, "late", header->deferred);
	vmt_value_add_number(coverage, "verified", header->verified);
	vmt_value_add_number(coverage, "truncated_stacks", header->truncated);
	json_object_set_new(coverage, "under_way", under_way(view));
	json_object_set_new(coverage, "notes", notes_of(vmt_report_notes_shown(header)));
	json_object_set_new(coverage, "damaged", damaged_of(view));
	vmt_value_add_number(coverage, "left_out", view->left_out);
	return coverage;
}

static json_t *calls_of(const struct vmt_view *view)
{
	uint64_t count = vmt_view_count(view, VMT_SECTION_CALLS);
	struct vmt_rec_counters counters;
	json_t *calls = json_object();
	json_t *call;

	for (uint64_t i = VMT_CALL_NONE + 1; i < count && i < VMT_CALL_COUNT; i++) {
		if (!vmt_view_call(view, i, &counters) || !counters.calls)
			continue;
		call = json_object();
		vmt_value_add_counters(call, &counters);
		json_object_set_new(calls, vmt_calls_name((uint32_t)i), call);
	}
	return calls;
}

static json_t *timeline_of(const struct vmt_view *view)
{
	uint64_t count = vmt_view_bucket_count(view);
	json_t *timeline = json_array();
	struct vmt_rec_bucket bucket;
	json_t *entry;

	for (uint64_t i = 0; i < count; i++) {
		if (!vmt_view_bucket(view, i, &bucket))
			continue;
		entry = json_object();
		json_object_set_new(entry, "time", vmt_value_seconds(i * view->header.bucket_ns));
		vmt_value_add_number(entry, "min", bucket.min);
		vmt_value_add_number(entry, "max", bucket.max);
		vmt_value_add_number(entry, "last", bucket.last);
		json_array_append_new(timeline, entry);
	}
	return timeline;
}

static json_t *failure_of(const struct vmt_view *view, const struct vmt_rec_failure *failure,
			  struct vmt_symbols *symbols)
{
	const char *name = vmt_report_errno(failure->error);
	json_t *entry = json_object();
	struct vmt_rec_site site;
	bool has_site = vmt_view_site(view, failure->site, &site);

	json_object_set_new(entry, "call",
			    has_site ? json_string(vmt_calls_name(site.call)) : json_null());
	json_object_set_new(entry, "errno",
			    name ? json_string(name) : json_integer(failure->error));
	json_object_set_new(entry, "reason", json_string(vmt_report_reason(failure->reason)));
	vmt_value_add_number(entry, "maps", failure->maps);
	vmt_value_add_number(entry, "length", failure->length);
	json_object_set_new(entry, "time", vmt_value_seconds(failure->time));
	json_object_set_new(entry, "site", has_site ? json_integer(failure->site) : json_null());
	json_object_set_new(entry, "stack",
			    has_site ? vmt_json_stack(view, &site, symbols) : json_array());
	return entry;
}

static json_t *failures_of(const struct vmt_view *view, struct vmt_symbols *symbols)
{
	uint64_t count = vmt_view_count(view, VMT_SECTION_FAILURES);
	struct vmt_rec_failure failure;
	json_t *failures = json_array();

	for (uint64_t i = 0; i < count; i++) {
		if (vmt_view_failure(view, i, &failure))
			json_array_append_new(failures, failure_of(view, &failure, symbols));
	}
	return failures;
}

/* Threads and processes that were not started. */
static void add_refused(json_t *process, const struct vmt_rec_header *header)
{
	const char *name = vmt_report_errno(header->refused_error);
	json_t *refused;

	if (!header->refused_error)
		return;
	refused = json_object();
	vmt_value_add_number(refused, "threads", header->threads_refused);
	vmt_value_add_number(refused, "forks", header->forks_refused);
	json_object_set_new(refused, "errno",
			    name ? json_string(name) : json_integer(header->refused_error));
	json_object_set_new(refused, "reason",
			    json_string(vmt_report_reason(header->refused_reason)));
	vmt_value_add_number(refused, "limit", header->refused_limit);
	json_object_set_new(process, "refused", refused);
}

/* Add kinds, patterns, neighbours, holes and cost, and the leak. */
static void add_explanation(json_t *process, const struct vmt_view *view,
			    struct vmt_symbols *symbols)
{
	struct vmt_explain_record record;

	if (!vmt_explain_record(view, symbols, &record)) {
		vmt_json_explain(process, &record.explain);
		vmt_json_add_leak(process, &record);
	}
	vmt_explain_record_free(&record);
}

static json_t *allocators_of(const struct vmt_view *view, struct vmt_symbols *symbols)
{
	uint64_t sites = vmt_view_count(view, VMT_SECTION_SITES);
	struct vmt_view_totals *totals = calloc(sites + 2, sizeof(*totals));
	struct vmt_allocators allocators = { .count = 0 };

	if (totals) {
		vmt_view_totals(view, totals, sites);
		vmt_allocators_read(view, totals, symbols, &allocators);
	}
	free(totals);
	return vmt_json_allocators(&allocators);
}

/* The list is empty if there was nothing to record, and left out if there was no room for it. */
static void add_list(json_t *process, const char *key, json_t *array, const struct vmt_view *view,
		     enum vmt_section_id section)
{
	if (view->header.section[section].capacity)
		json_object_set_new(process, key, array);
	else
		vmt_value_add_if_any(process, key, array);
}

/* The members before the call sites. */
static json_t *process_of(const struct vmt_view *view)
{
	const struct vmt_rec_header *header = &view->header;
	json_t *process = json_object();

	vmt_value_add_number(process, "pid", header->pid);
	vmt_value_add_number(process, "parent_pid", header->parent_pid);
	vmt_value_add_number(process, "image", header->image);
	json_object_set_new(process, "exe", vmt_value_recorded(view, header->exe));
	json_object_set_new(process, "command", command_of(view));
	json_object_set_new(process, "os_release", vmt_value_recorded(view, header->kernel));
	json_object_set_new(process, "end", json_string(end_of(view)));
	json_object_set_new(process, "status", status_of(header));
	json_object_set_new(
		process, "duration",
		header->end_monotonic < header->start_monotonic ?
			json_null() :
			vmt_value_seconds(header->end_monotonic - header->start_monotonic));
	json_object_set_new(process, "maps", maps_of(view));
	json_object_set_new(process, "coverage", coverage_of(view));
	json_object_set_new(process, "calls", calls_of(view));
	return process;
}

/* The members after the call sites. */
static json_t *findings_of(const struct vmt_view *view, struct vmt_symbols *symbols)
{
	json_t *process = json_object();

	add_explanation(process, view, symbols);
	vmt_value_add_if_any(process, "allocators", allocators_of(view, symbols));
	vmt_json_add_growth(process, view, symbols);
	add_list(process, "timeline", timeline_of(view), view, VMT_SECTION_TIMELINE);
	add_list(process, "marks", vmt_json_marks(view), view, VMT_SECTION_MARKS);
	add_list(process, "failures", failures_of(view, symbols), view, VMT_SECTION_FAILURES);
	add_refused(process, &view->header);
	return process;
}

void vmt_json_put_process(struct vmt_json_output *output, const struct vmt_view *view,
			  struct vmt_symbols *symbols, bool is_brief)
{
	json_t *findings;

	vmt_json_put(output, "{");
	vmt_json_put_members(output, 2, process_of(view));
	if (is_brief) {
		vmt_json_put(output, "}");
		return;
	}
	vmt_json_put(output, ",\n   \"sites\": [");
	vmt_json_put_sites(output, view, symbols);
	vmt_json_put(output, "\n   ]");
	findings = findings_of(view, symbols);
	if (json_object_size(findings))
		vmt_json_put(output, ",");
	vmt_json_put_members(output, 2, findings);
	vmt_json_put(output, "\n  }");
}

/*
 * Written piece by piece, since all call sites of a directory of recordings would take gigabytes.
 */
int vmt_json_write(FILE *stream, const struct vmt_recordings *recordings,
		   struct vmt_symbols *symbols)
{
	struct vmt_json_output output = { .stream = stream };

	vmt_json_put(&output, "{\n \"schema\": \"vmatrace.report/1\",\n \"processes\": [");
	for (size_t i = 0; i < recordings->count; i++) {
		vmt_json_put(&output, i ? ",\n  " : "\n  ");
		vmt_json_put_process(&output, &recordings->item[i].view, symbols, false);
		vmt_load_put_aside(&recordings->item[i]);
	}
	vmt_json_put(&output, recordings->count ? "\n ]\n}\n" : "]\n}\n");
	return vmt_json_finish(&output);
}
