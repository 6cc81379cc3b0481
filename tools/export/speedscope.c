/* SPDX-License-Identifier: MIT */
/*
 * speedscope's file format (https://www.speedscope.app/file-format-schema.json): a profile for each
 * value that occurs in a process. Frames are collected while the profiles are written, and written
 * after them.
 */
#include "export/compact.h"
#include "export/profile.h"
#include "util/must.h"

#include <inttypes.h>

struct speedscope {
	FILE *stream;
	FILE *frames;
	uint64_t frame_count;
	uint64_t profiles;
	uint64_t active; /* the profile that is shown first; UINT64_MAX = none yet */
	enum vmt_export_value value;
};

/* Returns the position of each location's lines in the list of frames, to be freed. */
static uint64_t *add_frames(struct speedscope *out, const struct vmt_profile *profile)
{
	uint64_t *first = vmt_must_alloc(profile->locations, sizeof(*first));

	for (uint32_t i = 0; i < profile->locations; i++) {
		first[i] = out->frame_count;
		for (uint32_t k = 0; k < profile->location[i].lines; k++) {
			const struct vmt_profile_line *line = &profile->location[i].line[k];
			json_t *frame = json_pack("{s:s}", "name", line->function);

			if (line->file)
				json_object_set_new(frame, "file", json_string(line->file));
			if (line->file && line->line)
				json_object_set_new(frame, "line", json_integer(line->line));
			fputs(out->frame_count++ ? ",\n" : "", out->frames);
			vmt_compact_put(out->frames, frame);
		}
	}
	return first;
}

/* Outermost first. */
static void put_speedscope_stack(FILE *stream, const struct vmt_profile *profile,
				 const struct vmt_profile_sample *sample, const uint64_t *first)
{
	const char *separator = "[";

	for (uint32_t i = sample->count; i-- > 0;) {
		uint32_t location = sample->location[i];

		for (uint32_t k = profile->location[location].lines; k-- > 0; separator = ",")
			fprintf(stream, "%s%" PRIu64, separator, first[location] + k);
	}
	putc(']', stream);
}

static uint64_t sum_of(const struct vmt_profile *profile, enum vmt_export_value value)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < profile->samples; i++) {
		if (__builtin_add_overflow(sum, profile->sample[i].value[value], &sum))
			return UINT64_MAX;
	}
	return sum;
}

static void put_speedscope_profile(struct speedscope *out, const struct vmt_profile *profile,
				   enum vmt_export_value value, const uint64_t *first)
{
	uint64_t sum = sum_of(profile, value);
	char *name = vmt_must_format("%s (%" PRIu32 "), %s", profile->program,
				     profile->view->header.pid, vmt_export_value_name(value));
	const char *separator = "\n";

	if (value == out->value && out->active == UINT64_MAX)
		out->active = out->profiles;
	fputs(out->profiles++ ? ",\n{\"type\":\"sampled\",\"name\":" :
				"\n{\"type\":\"sampled\",\"name\":",
	      out->stream);
	vmt_compact_put(out->stream, json_string(name));
	free(name);
	fprintf(out->stream,
		",\"unit\":\"%s\",\"startValue\":0,\"endValue\":%" PRIu64 ",\"samples\":[",
		value == VMT_EXPORT_BYTES ? "bytes" : "none", sum);
	for (size_t i = 0; i < profile->samples; i++) {
		if (!profile->sample[i].value[value])
			continue;
		fputs(separator, out->stream);
		put_speedscope_stack(out->stream, profile, &profile->sample[i], first);
		separator = ",\n";
	}
	fputs("],\"weights\":", out->stream);
	separator = "[";
	for (size_t i = 0; i < profile->samples; i++) {
		if (!profile->sample[i].value[value])
			continue;
		fprintf(out->stream, "%s%" PRIu64, separator, profile->sample[i].value[value]);
		separator = ",";
	}
	fputs("]}", out->stream);
}

static void put_speedscope_process(struct speedscope *out, const struct vmt_view *view,
				   struct vmt_symbols *symbols)
{
	struct vmt_profile profile;
	uint64_t *first;

	vmt_profile_read(&profile, view, symbols);
	first = add_frames(out, &profile);
	for (int value = 0; value < VMT_EXPORT_VALUES; value++) {
		if (sum_of(&profile, (enum vmt_export_value)value))
			put_speedscope_profile(out, &profile, (enum vmt_export_value)value, first);
	}
	free(first);
	vmt_profile_free(&profile);
}

int vmt_speedscope_write(FILE *stream, const struct vmt_recordings *recordings,
			 const struct vmt_export_options *options, struct vmt_symbols *symbols)
{
	char *frames = NULL;
	size_t size = 0;
	struct speedscope out = {
		.stream = stream,
		.frames = vmt_must(open_memstream(&frames, &size)),
		.active = UINT64_MAX,
		.value = options->value,
	};

	fputs("{\"$schema\":\"https://www.speedscope.app/file-format-schema.json\",\n"
	      "\"exporter\":\"vmatrace@" VMT_VERSION "\",\n\"profiles\":[",
	      stream);
	for (size_t i = 0; i < recordings->count; i++) {
		if (!vmt_export_is_wanted(options, &recordings->item[i].view))
			continue;
		put_speedscope_process(&out, &recordings->item[i].view, symbols);
		vmt_load_put_aside(&recordings->item[i]);
	}
	if (fclose(out.frames))
		abort();
	fprintf(stream, "],\n\"activeProfileIndex\":%" PRIu64 ",\n\"shared\":{\"frames\":[\n",
		out.active == UINT64_MAX ? 0 : out.active);
	fwrite(frames, 1, size, stream);
	fputs("]}}\n", stream);
	free(frames);
	return 0;
}
