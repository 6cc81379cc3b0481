/* SPDX-License-Identifier: MIT */
/*
 * Reads a view. The names come from naming/, so they are the same as in all reports. See profile.h.
 */
#include "export/profile.h"
#include "export/utf8.h"
#include "naming/names.h"
#include "naming/place.h"
#include "util/must.h"

#define HASH_NONFATAL_OOM 1
#include <uthash.h>

#include <inttypes.h>

/* The key of a location; without padding, since it is compared as bytes. */
struct location_key {
	uint64_t offset;
	const char *text; /* of a location that is no frame; comparing the pointer is enough */
	uint32_t module;
	uint32_t map_page;
};
static_assert(sizeof(struct location_key) == 24, "no padding");

struct known_location {
	struct location_key key;
	uint32_t index;
	UT_hash_handle hh;
};

struct profile_reader {
	struct vmt_profile *profile;
	struct vmt_names names;
	struct known_location *known;
};

static char *utf8_text(const char *text)
{
	return vmt_utf8_copy(text, strlen(text));
}

static uint32_t add_location(struct profile_reader *reader, const struct location_key *key,
			     enum vmt_profile_kind kind)
{
	struct vmt_profile *profile = reader->profile;
	struct known_location *known = vmt_must_alloc(1, sizeof(*known));

	profile->location =
		vmt_must_grow(profile->location, profile->locations, sizeof(*profile->location));
	profile->location[profile->locations] = (struct vmt_profile_location){
		.kind = kind,
		.module = key->module,
		.offset = key->offset,
	};
	known->key = *key;
	known->index = profile->locations;
	HASH_ADD(hh, reader->known, key, sizeof(known->key), known);
	return profile->locations++;
}

static void add_line(struct vmt_profile_location *location, char *function, const char *file,
		     uint32_t line)
{
	location->line = vmt_must_grow(location->line, location->lines, sizeof(*location->line));
	location->line[location->lines++] =
		(struct vmt_profile_line){ function, file ? utf8_text(file) : NULL, line };
}

static bool find_location(const struct profile_reader *reader, const struct location_key *key,
			  uint32_t *ret_index)
{
	struct known_location *known;

	HASH_FIND(hh, reader->known, key, sizeof(*key), known);
	if (known)
		*ret_index = known->index;
	return known != NULL;
}

/* For a location without an address. text must outlive the reader. */
static uint32_t named_location(struct profile_reader *reader, const char *text,
			       enum vmt_profile_kind kind)
{
	const struct location_key key = { .text = text, .module = VMT_NO_INDEX };
	uint32_t index;

	if (find_location(reader, &key, &index))
		return index;
	index = add_location(reader, &key, kind);
	add_line(&reader->profile->location[index], utf8_text(text), NULL, 0);
	return index;
}

static uint32_t tail_location(struct profile_reader *reader, const struct vmt_symbol *symbol)
{
	const struct location_key key = {
		.text = symbol->function,
		.offset = symbol->line,
		.module = VMT_NO_INDEX,
	};
	struct vmt_profile_location *location;
	uint32_t index;

	if (find_location(reader, &key, &index))
		return index;
	index = add_location(reader, &key, VMT_PROFILE_TAIL);
	location = &reader->profile->location[index];
	location->offset = 0;
	add_line(location, utf8_text(symbol->function ? symbol->function : "[unknown]"),
		 symbol->file, symbol->line);
	return index;
}

/* "libc.so.6+0x1139" */
static char *address_text(const struct vmt_view *view, const struct vmt_rec_frame *frame)
{
	struct vmt_view_string base = { "", 0 };
	struct vmt_rec_module module;
	char *name;
	char *text;

	if (vmt_view_module(view, frame->module, &module))
		base = vmt_report_base_name(vmt_view_string(view, module.path));
	if (!base.length)
		return vmt_must_copy("[unknown]");
	name = vmt_utf8_copy(base.bytes, base.length);
	text = vmt_must_format("%s+0x%" PRIx64, name, frame->offset);
	free(name);
	return text;
}

static uint32_t frame_location(struct profile_reader *reader, uint64_t index)
{
	const struct vmt_view *view = reader->names.view;
	struct vmt_rec_frame frame = { .module = VMT_NO_INDEX };
	struct vmt_profile_location *location;
	struct vmt_symbol symbol;
	struct location_key key;
	uint32_t place;

	if (!vmt_view_frame(view, index, &frame))
		return named_location(reader, "[unknown]", VMT_PROFILE_MARKER);
	key = (struct location_key){ frame.offset, NULL, frame.module, frame.map_page };
	if (find_location(reader, &key, &place))
		return place;
	place = add_location(reader, &key, VMT_PROFILE_CODE);
	location = &reader->profile->location[place];
	if (!vmt_names_find(reader->names.symbols, view, index, &symbol))
		symbol = (struct vmt_symbol){ .function = NULL };
	for (const struct vmt_symbol *at = &symbol; at; at = at->caller)
		add_line(location,
			 at->function ? utf8_text(at->function) : address_text(view, &frame),
			 at->file, at->line);
	return place;
}

static void add_to_stack(struct vmt_profile_sample *sample, uint32_t location)
{
	sample->location =
		vmt_must_grow(sample->location, sample->count, sizeof(*sample->location));
	sample->location[sample->count++] = location;
}

static void read_stack(struct profile_reader *reader, struct vmt_profile_sample *sample)
{
	const struct vmt_rec_site *site = &sample->site;
	uint32_t count = vmt_view_frame_count(reader->names.view, site);
	struct vmt_symbol tail;

	add_to_stack(sample, named_location(reader, vmt_calls_name(site->call), VMT_PROFILE_CALL));
	for (uint32_t i = 0; i < count; i++) {
		uint64_t index = (uint64_t)site->frame_first + i;

		for (uint32_t level = 0;
		     vmt_names_find_tail(&reader->names, site, index, level, &tail); level++)
			add_to_stack(sample, tail_location(reader, &tail));
		add_to_stack(sample, frame_location(reader, index));
	}
	if (site->flags & VMT_SITE_LOST)
		add_to_stack(sample, named_location(reader, "[lost]", VMT_PROFILE_MARKER));
	else if (site->flags & VMT_SITE_TRUNCATED)
		add_to_stack(sample, named_location(reader, "[truncated]", VMT_PROFILE_MARKER));
}

static void read_sample(struct profile_reader *reader, struct vmt_profile_sample *sample,
			const struct vmt_view_totals *totals)
{
	const struct vmt_rec_counters *counters = &sample->site.counters;

	sample->value[VMT_EXPORT_LIVE] = totals->live;
	sample->value[VMT_EXPORT_PEAK] =
		vmt_view_live_at_peak(reader->names.view, &sample->site, totals->live);
	sample->value[VMT_EXPORT_CREATED] = counters->created;
	sample->value[VMT_EXPORT_SPLIT] = counters->split;
	sample->value[VMT_EXPORT_MERGED] = counters->merged;
	sample->value[VMT_EXPORT_BYTES] = totals->bytes;
	/* Formats use signed numbers, and a damaged recording may contain any value. */
	for (size_t i = 0; i < VMT_EXPORT_VALUES; i++) {
		if (sample->value[i] > INT64_MAX)
			sample->value[i] = 0;
	}
	if (vmt_profile_is_call(sample))
		read_stack(reader, sample);
	else
		add_to_stack(
			sample,
			named_location(reader,
				       sample->index == VMT_SITE_STARTUP ? "[startup]" : "[unseen]",
				       VMT_PROFILE_MARKER));
}

static void read_samples(struct profile_reader *reader)
{
	struct vmt_profile *profile = reader->profile;
	const struct vmt_view *view = profile->view;
	uint64_t count = vmt_view_count(view, VMT_SECTION_SITES);
	struct vmt_view_totals *totals = vmt_must_alloc(count + 1, sizeof(*totals));

	profile->sample = vmt_must_alloc(count, sizeof(*profile->sample));
	vmt_view_totals(view, totals, count);
	for (uint64_t i = 0; i < count; i++) {
		struct vmt_profile_sample *sample = &profile->sample[profile->samples];

		/* A half-written site may still own ranges. */
		if (!vmt_view_site(view, i, &sample->site))
			memset(&sample->site, 0, sizeof(sample->site));
		if (i >= VMT_SITE_FIRST && !sample->site.counters.calls && !totals[i].live)
			continue;
		sample->index = i;
		read_sample(reader, sample, &totals[i]);
		profile->samples++;
	}
	free(totals);
}

static void forget_known(struct known_location *list)
{
	struct known_location *known;
	struct known_location *next;

	HASH_ITER(hh, list, known, next)
	{
		HASH_DEL(list, known);
		free(known);
	}
}

void vmt_profile_read(struct vmt_profile *ret_profile, const struct vmt_view *view,
		      struct vmt_symbols *symbols)
{
	struct vmt_view_string exe = vmt_report_base_name(vmt_view_string(view, view->header.exe));
	struct profile_reader reader = { ret_profile, { symbols, view, false }, NULL };

	*ret_profile = (struct vmt_profile){
		.view = view,
		.program = exe.length ? vmt_utf8_copy(exe.bytes, exe.length) :
					vmt_must_copy("[unknown]"),
	};
	read_samples(&reader);
	forget_known(reader.known);
}

void vmt_profile_free(struct vmt_profile *profile)
{
	for (uint32_t i = 0; i < profile->locations; i++) {
		struct vmt_profile_location *location = &profile->location[i];

		for (uint32_t k = 0; k < location->lines; k++) {
			free(location->line[k].function);
			free(location->line[k].file);
		}
		free(location->line);
	}
	for (size_t i = 0; i < profile->samples; i++)
		free(profile->sample[i].location);
	free(profile->location);
	free(profile->sample);
	free(profile->program);
	*profile = (struct vmt_profile){ .view = NULL };
}

static int by_index(const void *key, const void *element)
{
	const struct vmt_profile_sample *sample = element;
	const uint64_t *site = key;

	return (*site > sample->index) - (*site < sample->index);
}

const struct vmt_profile_sample *vmt_profile_find(const struct vmt_profile *profile, uint64_t site)
{
	return bsearch(&site, profile->sample, profile->samples, sizeof(*profile->sample),
		       by_index);
}

static int by_value(const void *a, const void *b, void *context)
{
	const struct vmt_profile_sample *const *one = a, *const *two = b;
	const enum vmt_export_value *value = context;
	uint64_t first = (*one)->value[*value], second = (*two)->value[*value];

	if (first != second)
		return first < second ? 1 : -1;
	return ((*one)->index > (*two)->index) - ((*one)->index < (*two)->index);
}

size_t vmt_profile_top(const struct vmt_profile *profile, enum vmt_export_value value,
		       uint64_t most, const struct vmt_profile_sample ***ret_top)
{
	const struct vmt_profile_sample **top =
		vmt_must_alloc(profile->samples, sizeof(const struct vmt_profile_sample *));
	size_t count = 0;

	for (size_t i = 0; i < profile->samples; i++) {
		if (vmt_profile_is_call(&profile->sample[i]) && profile->sample[i].value[value])
			top[count++] = &profile->sample[i];
	}
	qsort_r(top, count, sizeof(*top), by_value, &value);
	*ret_top = top;
	return count < most ? count : most;
}

char *vmt_profile_where(const struct vmt_profile *profile, const struct vmt_profile_sample *sample,
			struct vmt_symbols *symbols)
{
	uint64_t frame = vmt_report_user_frame(profile->view, &sample->site);
	struct vmt_rec_frame recorded = { .module = VMT_NO_INDEX };
	struct vmt_place place;
	char *text = NULL;
	char *clean;

	if (vmt_place_find(symbols, profile->view, &sample->site, &place))
		text = vmt_place_text(&place, place.symbol.short_file);
	if (!text) {
		if (!vmt_view_frame(profile->view, frame, &recorded))
			return vmt_must_copy("[unknown]");
		return address_text(profile->view, &recorded);
	}
	clean = utf8_text(text);
	free(text);
	return clean;
}
