/* SPDX-License-Identifier: MIT */
/*
 * The trace-event format, which chrome://tracing and ui.perfetto.dev open: the count of maps and
 * its limit as counter tracks, with a further track for each of the top call sites; failures and
 * marks as instant events. Times are microseconds since the first process began.
 */
#include "export/compact.h"
#include "export/profile.h"
#include "export/utf8.h"
#include "input/liveness.h"
#include "core/report/report.h"
#include "util/must.h"

#include <inttypes.h>
#include <time.h>

struct chrome {
	FILE *stream;
	const struct vmt_view *view; /* the current process */
	uint64_t offset; /* ns from the first process's start to this one's */
	bool is_first; /* no event has been written */
};

/* args is taken over. */
static void put_event(struct chrome *out, const char *phase, const char *name, uint64_t time,
		      json_t *args)
{
	json_t *event = json_pack("{s:s, s:s, s:f, s:I, s:I, s:o}", "name", name, "ph", phase, "ts",
				  ((double)out->offset + (double)time) / 1e3, "pid",
				  (json_int_t)out->view->header.pid, "tid",
				  (json_int_t)out->view->header.pid, "args", args);

	if (*phase == 'i')
		json_object_set_new(event, "s", json_string("p"));
	fputs(out->is_first ? "\n" : ",\n", out->stream);
	vmt_compact_put(out->stream, event);
	out->is_first = false;
}

static void put_counter(struct chrome *out, const char *name, uint64_t time, uint64_t maps)
{
	put_event(out, "C", name, time, json_pack("{s:I}", "maps", (json_int_t)maps));
}

/*
 * Returns when the process ended, or the present time if it still runs; not before the end of what
 * was recorded.
 */
static uint64_t chrome_end(const struct vmt_view *view)
{
	const struct vmt_rec_header *header = &view->header;
	uint64_t end = header->end_monotonic;
	uint64_t recorded = vmt_view_bucket_count(view) * header->bucket_ns;

	if (!end && !vmt_liveness_is_gone(view))
		end = vmt_liveness_now(CLOCK_MONOTONIC);
	end = end > header->start_monotonic ? end - header->start_monotonic : 0;
	return end > recorded ? end : recorded;
}

/*
 * The highest count of each bucket. Before a time without calls, the count at the bucket's end is
 * added.
 */
static void put_timeline(struct chrome *out, uint64_t end)
{
	const struct vmt_view *view = out->view;
	uint64_t count = vmt_view_bucket_count(view);
	uint64_t width = view->header.bucket_ns;
	struct vmt_rec_bucket bucket;
	uint64_t last = view->header.maps_start;
	bool was_changing = false;

	put_counter(out, "maps", 0, last);
	for (uint64_t i = 0; i < count; i++) {
		bool is_changing = vmt_view_bucket(view, i, &bucket);

		if (is_changing)
			put_counter(out, "maps", i * width, bucket.max);
		else if (was_changing)
			put_counter(out, "maps", i * width, last);
		if (is_changing)
			last = bucket.last;
		was_changing = is_changing;
	}
	put_counter(out, "maps", end, vmt_view_maps_now(view));
	if (view->header.maps_limit) {
		put_counter(out, "limit", 0, view->header.maps_limit);
		put_counter(out, "limit", end, view->header.maps_limit);
	}
}

/* A track's name includes the site's number, in case two sites have the same name. */
static char *track_name(const struct vmt_profile *profile, const struct vmt_profile_sample *sample,
			struct vmt_symbols *symbols)
{
	char *where = vmt_profile_where(profile, sample, symbols);
	char *name = vmt_must_format("%s %s, site %" PRIu64, vmt_calls_name(sample->site.call),
				     where, sample->index);

	free(where);
	return name;
}

/* Between two buckets with changes, a site had what the later bucket began with. */
static void put_site_timeline(struct chrome *out, const struct vmt_profile_sample *sample,
			      const char *name, uint64_t end)
{
	const uint64_t live = sample->value[VMT_EXPORT_LIVE];
	struct vmt_rec_site_time time;
	uint64_t width;
	bool was_changing = false;

	if (!vmt_view_site_time(out->view, sample->index, &time) || time.shift > 31)
		return;
	width = VMT_SITE_TIME_NS << time.shift;
	for (uint32_t i = 0; i < VMT_SITE_BUCKETS && i * width < end; i++) {
		uint32_t next = i;

		if (time.bucket[i].max)
			put_counter(out, name, i * width, time.bucket[i].max);
		else if (was_changing) {
			while (next < VMT_SITE_BUCKETS && !time.bucket[next].max)
				next++;
			put_counter(out, name, i * width,
				    next < VMT_SITE_BUCKETS ? time.bucket[next].first : live);
		}
		was_changing = time.bucket[i].max != 0;
	}
	put_counter(out, name, end, live);
}

static void put_site_timelines(struct chrome *out, const struct vmt_profile *profile, uint64_t most,
			       struct vmt_symbols *symbols, uint64_t end)
{
	const struct vmt_profile_sample **top;
	size_t count = vmt_profile_top(profile, VMT_EXPORT_PEAK, most, &top);

	for (size_t i = 0; i < count; i++) {
		char *name = track_name(profile, top[i], symbols);

		put_site_timeline(out, top[i], name, end);
		free(name);
	}
	free(top);
}

/* Innermost first, as in the JSON report. */
static json_t *stack_names(const struct vmt_profile *profile,
			   const struct vmt_profile_sample *sample)
{
	json_t *stack = json_array();

	for (uint32_t i = 1; sample && i < sample->count; i++) {
		const struct vmt_profile_location *location =
			&profile->location[sample->location[i]];

		for (uint32_t k = 0; k < location->lines; k++)
			json_array_append_new(stack, json_string(location->line[k].function));
	}
	return stack;
}

static void put_failure(struct chrome *out, const struct vmt_profile *profile,
			const struct vmt_rec_failure *failure)
{
	const struct vmt_profile_sample *sample = vmt_profile_find(profile, failure->site);
	const char *call = sample ? vmt_calls_name(sample->site.call) : "call";
	const char *error = vmt_report_errno(failure->error);
	char *name = error ? vmt_must_format("%s failed: %s", call, error) :
			     vmt_must_format("%s failed: error %" PRIu32, call, failure->error);

	put_event(out, "i", name, failure->time,
		  json_pack("{s:s, s:I, s:I, s:o}", "reason", vmt_report_reason(failure->reason),
			    "maps", (json_int_t)failure->maps, "length",
			    (json_int_t)failure->length, "stack", stack_names(profile, sample)));
	free(name);
}

static void put_moments(struct chrome *out, const struct vmt_profile *profile)
{
	struct vmt_rec_failure failure;
	struct vmt_rec_mark mark;

	for (uint64_t i = 0; i < vmt_view_count(out->view, VMT_SECTION_FAILURES); i++) {
		if (vmt_view_failure(out->view, i, &failure))
			put_failure(out, profile, &failure);
	}
	for (uint64_t i = 0; i < vmt_view_count(out->view, VMT_SECTION_MARKS); i++) {
		struct vmt_view_string text;
		char *name;

		if (!vmt_view_mark(out->view, i, &mark))
			continue;
		text = vmt_view_string(out->view, mark.name);
		name = vmt_utf8_copy(text.bytes, text.length);
		put_event(out, "i", name, mark.time,
			  json_pack("{s:I}", "maps", (json_int_t)mark.maps));
		free(name);
	}
}

static void put_chrome_process(struct chrome *out, uint64_t most, struct vmt_symbols *symbols)
{
	uint64_t end = chrome_end(out->view);
	struct vmt_profile profile;

	vmt_profile_read(&profile, out->view, symbols);
	put_event(out, "M", "process_name", 0, json_pack("{s:s}", "name", profile.program));
	put_timeline(out, end);
	put_site_timelines(out, &profile, most, symbols, end);
	put_moments(out, &profile);
	vmt_profile_free(&profile);
}

int vmt_chrome_write(FILE *stream, const struct vmt_recordings *recordings,
		     const struct vmt_export_options *options, struct vmt_symbols *symbols)
{
	uint64_t start = vmt_export_start(options, recordings);
	struct chrome out = { .stream = stream, .is_first = true };

	fputs("{\"displayTimeUnit\":\"ms\",\"otherData\":{\"exporter\":\"vmatrace " VMT_VERSION
	      "\"},\"traceEvents\":[",
	      stream);
	for (size_t i = 0; i < recordings->count; i++) {
		out.view = &recordings->item[i].view;
		if (!vmt_export_is_wanted(options, out.view))
			continue;
		out.offset = out.view->header.start_realtime - start;
		put_chrome_process(&out, options->top ? options->top : VMT_EXPORT_TOP, symbols);
		vmt_load_put_aside(&recordings->item[i]);
	}
	fputs("]}\n", stream);
	return 0;
}
