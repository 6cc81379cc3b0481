/* SPDX-License-Identifier: MIT */
/*
 * pprof's profile.proto, gzipped: for `go tool pprof`, Pyroscope, Parca and Grafana. Addresses are
 * offsets in the modules' files, since a recording has no others. So each mapping begins at 0, and
 * its build-id identifies the file. Field numbers are those of
 * github.com/google/pprof/proto/profile.proto.
 */
#include "export/gzip.h"
#include "export/profile.h"
#include "export/protobuf.h"
#include "export/utf8.h"
#include "util/must.h"
#include "util/numbered.h"

#include <inttypes.h>
#include <string.h>

enum profile_field {
	PROFILE_SAMPLE_TYPE = 1,
	PROFILE_SAMPLE = 2,
	PROFILE_MAPPING = 3,
	PROFILE_LOCATION = 4,
	PROFILE_FUNCTION = 5,
	PROFILE_STRING_TABLE = 6,
	PROFILE_TIME_NANOS = 9,
	PROFILE_DURATION_NANOS = 10,
	PROFILE_COMMENT = 13,
	PROFILE_DEFAULT_SAMPLE_TYPE = 14,
};

struct pprof {
	struct vmt_gzip gzip;
	struct vmt_protobuf message; /* the message that is being built */
	struct vmt_protobuf inner; /* a message inside it */
	struct vmt_protobuf top; /* the field that `inner` becomes */
	struct vmt_numbered *strings;
	/* key: two strings; a function's id is one more than its number */
	struct vmt_numbered *functions;
	uint64_t locations; /* ids used so far */
	uint64_t mappings;
};

static uint64_t string_number(struct pprof *out, const char *text)
{
	bool is_new;

	return vmt_numbered(&out->strings, text, strlen(text), &is_new);
}

static void put_field(struct pprof *out, enum profile_field field, struct vmt_protobuf *message)
{
	vmt_protobuf_message(&out->top, field, message);
	vmt_gzip_write(&out->gzip, out->top.data, out->top.used);
	out->top.used = 0;
}

static void put_profile_number(struct pprof *out, enum profile_field field, uint64_t value)
{
	vmt_protobuf_number(&out->top, field, value);
	vmt_gzip_write(&out->gzip, out->top.data, out->top.used);
	out->top.used = 0;
}

static void put_sample_types(struct pprof *out)
{
	for (int i = 0; i < VMT_EXPORT_VALUES; i++) {
		vmt_protobuf_number(
			&out->message, 1,
			string_number(out, vmt_export_value_name((enum vmt_export_value)i)));
		vmt_protobuf_number(&out->message, 2,
				    string_number(out, i == VMT_EXPORT_BYTES ? "bytes" : "count"));
		put_field(out, PROFILE_SAMPLE_TYPE, &out->message);
	}
}

static char *build_id_text(const struct vmt_rec_module *module)
{
	char *text = vmt_must_alloc(2 * VMT_BUILD_ID_MAX + 1, 1);

	for (uint32_t i = 0; i < module->build_id_length && i < VMT_BUILD_ID_MAX; i++)
		snprintf(text + 2 * (size_t)i, 3, "%02x", module->build_id[i]);
	return text;
}

/* Returns the end of the part of a module that occurs in stacks. */
static uint64_t module_end(const struct vmt_profile *profile, uint32_t module)
{
	uint64_t end = 0;

	for (uint32_t i = 0; i < profile->locations; i++) {
		const struct vmt_profile_location *location = &profile->location[i];

		if (location->kind == VMT_PROFILE_CODE && location->module == module &&
		    location->offset >= end)
			end = location->offset + 1;
	}
	return end;
}

static uint64_t put_mapping(struct pprof *out, const struct vmt_profile *profile, uint32_t index,
			    const struct vmt_rec_module *module)
{
	struct vmt_view_string path = vmt_view_string(profile->view, module->path);
	char *name = vmt_utf8_copy(path.bytes, path.length);
	char *build_id = build_id_text(module);

	vmt_protobuf_number(&out->message, 1, ++out->mappings);
	vmt_protobuf_number(&out->message, 3, module_end(profile, index));
	vmt_protobuf_number(&out->message, 5, string_number(out, name));
	vmt_protobuf_number(&out->message, 6, string_number(out, build_id));
	/* The fields has_functions to has_inline_frames: whatever could be named has its name. */
	for (uint32_t field = 7; field <= 10; field++)
		vmt_protobuf_number(&out->message, field, 1);
	put_field(out, PROFILE_MAPPING, &out->message);
	free(build_id);
	free(name);
	return out->mappings;
}

/* pprof takes the first mapping for the program. */
static bool is_program(const struct vmt_view *view, const struct vmt_rec_module *module)
{
	struct vmt_view_string exe = vmt_view_string(view, view->header.exe);
	struct vmt_view_string path = vmt_view_string(view, module->path);

	return exe.length == path.length && !memcmp(exe.bytes, path.bytes, exe.length);
}

/* Returns the ids of the modules' mappings, to be freed; 0 for modules in no stack. */
static uint64_t *put_mappings(struct pprof *out, const struct vmt_profile *profile)
{
	uint64_t count = vmt_view_count(profile->view, VMT_SECTION_MODULES);
	uint64_t *ids = vmt_must_alloc(count, sizeof(*ids));
	struct vmt_rec_module module;

	for (int pass = 0; pass < 2; pass++) {
		for (uint32_t i = 0; i < count; i++) {
			if (!vmt_view_module(profile->view, i, &module) ||
			    is_program(profile->view, &module) != !pass || !module_end(profile, i))
				continue;
			ids[i] = put_mapping(out, profile, i, &module);
		}
	}
	return ids;
}

static uint64_t put_function(struct pprof *out, const struct vmt_profile_line *line)
{
	uint64_t name = string_number(out, line->function);
	uint64_t file = string_number(out, line->file ? line->file : "");
	uint64_t key[2] = { name, file };
	bool is_new;
	uint64_t id = UINT64_C(1) + vmt_numbered(&out->functions, key, sizeof(key), &is_new);

	if (!is_new)
		return id;
	vmt_protobuf_number(&out->message, 1, id);
	vmt_protobuf_number(&out->message, 2, name);
	vmt_protobuf_number(&out->message, 3, name);
	vmt_protobuf_number(&out->message, 4, file);
	put_field(out, PROFILE_FUNCTION, &out->message);
	return id;
}

static void put_location(struct pprof *out, const struct vmt_profile_location *location,
			 uint64_t mapping)
{
	struct vmt_protobuf lines = { NULL, 0, 0 };

	for (uint32_t i = 0; i < location->lines; i++) {
		vmt_protobuf_number(&out->inner, 1, put_function(out, &location->line[i]));
		vmt_protobuf_number(&out->inner, 2, location->line[i].line);
		vmt_protobuf_message(&lines, 4, &out->inner);
	}
	vmt_protobuf_number(&out->message, 1, ++out->locations);
	vmt_protobuf_number(&out->message, 2, mapping);
	vmt_protobuf_number(&out->message, 3, mapping ? location->offset : 0);
	vmt_protobuf_append(&out->message, &lines);
	put_field(out, PROFILE_LOCATION, &out->message);
	vmt_protobuf_free(&lines);
}

static void add_label(struct pprof *out, const char *key, const char *text, uint64_t number)
{
	vmt_protobuf_number(&out->inner, 1, string_number(out, key));
	vmt_protobuf_number(&out->inner, 2, text ? string_number(out, text) : 0);
	vmt_protobuf_number(&out->inner, 3, number);
	vmt_protobuf_message(&out->message, 3, &out->inner);
}

static void put_pprof_sample(struct pprof *out, const struct vmt_profile *profile,
			     const struct vmt_profile_sample *sample, uint64_t first)
{
	uint64_t any = 0;

	for (size_t i = 0; i < VMT_EXPORT_VALUES; i++)
		any |= sample->value[i];
	if (!any)
		return;
	for (uint32_t i = 0; i < sample->count; i++)
		vmt_protobuf_packed(&out->inner, first + sample->location[i]);
	vmt_protobuf_message(&out->message, 1, &out->inner);
	for (size_t i = 0; i < VMT_EXPORT_VALUES; i++)
		vmt_protobuf_packed(&out->inner, sample->value[i]);
	vmt_protobuf_message(&out->message, 2, &out->inner);
	add_label(out, "program", profile->program, 0);
	add_label(out, "pid", NULL, profile->view->header.pid);
	if (vmt_profile_is_call(sample))
		add_label(out, "call", vmt_calls_name(sample->site.call), 0);
	put_field(out, PROFILE_SAMPLE, &out->message);
}

static void put_pprof_process(struct pprof *out, const struct vmt_view *view,
			      struct vmt_symbols *symbols)
{
	uint64_t first = out->locations + 1;
	uint64_t modules = vmt_view_count(view, VMT_SECTION_MODULES);
	struct vmt_profile profile;
	uint64_t *mappings;

	vmt_profile_read(&profile, view, symbols);
	mappings = put_mappings(out, &profile);
	for (uint32_t i = 0; i < profile.locations; i++) {
		uint32_t module = profile.location[i].module;

		put_location(out, &profile.location[i], module < modules ? mappings[module] : 0);
	}
	for (size_t i = 0; i < profile.samples; i++)
		put_pprof_sample(out, &profile, &profile.sample[i], first);
	free(mappings);
	vmt_profile_free(&profile);
}

/* The table of strings comes last, when it is complete. */
static void put_string(void *context, const void *text, size_t length)
{
	struct pprof *out = context;

	vmt_protobuf_bytes(&out->top, PROFILE_STRING_TABLE, text, length);
	vmt_gzip_write(&out->gzip, out->top.data, out->top.used);
	out->top.used = 0;
}

static void put_pprof_end(struct pprof *out, const struct vmt_export_options *options,
			  uint64_t start, uint64_t end)
{
	put_profile_number(out, PROFILE_TIME_NANOS, start);
	put_profile_number(out, PROFILE_DURATION_NANOS, end > start ? end - start : 0);
	put_profile_number(out, PROFILE_COMMENT, string_number(out, "vmatrace " VMT_VERSION));
	put_profile_number(out, PROFILE_DEFAULT_SAMPLE_TYPE,
			   string_number(out, vmt_export_value_name(options->value)));
	vmt_numbered_each(out->strings, put_string, out);
}

static uint64_t end_time(const struct vmt_rec_header *header)
{
	if (header->end_monotonic < header->start_monotonic)
		return 0;
	return header->start_realtime + (header->end_monotonic - header->start_monotonic);
}

int vmt_pprof_write(FILE *stream, const struct vmt_recordings *recordings,
		    const struct vmt_export_options *options, struct vmt_symbols *symbols)
{
	struct pprof out = { .strings = NULL };
	uint64_t end = 0;
	int ret = vmt_gzip_open(&out.gzip, stream);

	if (ret)
		return ret;
	string_number(&out, ""); /* the format requires "" to have number 0 */
	put_sample_types(&out);
	for (size_t i = 0; i < recordings->count; i++) {
		const struct vmt_view *view = &recordings->item[i].view;

		if (!vmt_export_is_wanted(options, view))
			continue;
		put_pprof_process(&out, view, symbols);
		vmt_load_put_aside(&recordings->item[i]);
		if (end_time(&view->header) > end)
			end = end_time(&view->header);
	}
	put_pprof_end(&out, options, vmt_export_start(options, recordings), end);
	vmt_numbered_free(out.strings);
	vmt_numbered_free(out.functions);
	vmt_protobuf_free(&out.message);
	vmt_protobuf_free(&out.inner);
	vmt_protobuf_free(&out.top);
	return vmt_gzip_close(&out.gzip);
}
