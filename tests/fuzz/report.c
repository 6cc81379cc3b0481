/* SPDX-License-Identifier: MIT */
/*
 * Fuzz target: the tool's reports of a recording of any bytes, in all formats, and the summary that
 * check and diff make of it. Names come from fake_symbols.c, since an input must not make the tool
 * open files. The last two bytes choose options.
 */
#include "check/summary.h"
#include "recording.h"
#include "report/print.h"

#include <jansson.h>

static bool is_json(enum vmt_format format)
{
	return format == VMT_FORMAT_JSON || format == VMT_FORMAT_SPEEDSCOPE ||
	       format == VMT_FORMAT_CHROME;
}

static void print(const struct vmt_recordings *recordings, const struct vmt_print_options *options)
{
	char *text = NULL;
	size_t size = 0;
	FILE *stream = open_memstream(&text, &size);
	json_error_t error;
	json_t *read;

	if (!stream)
		abort();
	fuzz_must(!vmt_print(stream, recordings, options), "a report can be printed");
	fclose(stream);
	fuzz_must(size > 0 || options->format == VMT_FORMAT_FOLDED, "there is a report");
	if (is_json(options->format)) {
		read = json_loadb(text, size, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, &error);
		if (!read)
			fprintf(stderr, "%s (line %d)\n", error.text, error.line);
		fuzz_must(read != NULL, "JSON is JSON");
		json_decref(read);
	} else if (options->format == VMT_FORMAT_TEXT) {
		fuzz_must_be_printable(text, size);
	}
	free(text);
}

static void print_all(const struct vmt_recordings *recordings, unsigned choice, unsigned more)
{
	struct vmt_print_options options = {
		.top = more & 63,
		.verbose = choice & 128,
		.rows = {
			.by = (enum vmt_rows_by)(choice % 5),
			.sort = (enum vmt_rows_sort)(choice / 5 % 7),
			.cut = more & 128,
			.function = more & 64 ? "f*" : NULL,
		},
	};

	for (int format = VMT_FORMAT_TEXT; format < VMT_FORMATS; format++) {
		options.format = (enum vmt_format)format;
		options.value = (enum vmt_export_value)(choice % VMT_EXPORT_VALUES);
		print(recordings, &options);
	}
}

static void take_summary(const struct vmt_recordings *recordings, unsigned choice)
{
	struct vmt_summary_options options = { .with_lines = choice & 1 };
	struct vmt_summary summary;

	if (choice & 2)
		options.phase.from = "from";
	if (choice & 4)
		options.phase.to = "to";
	vmt_summary_init(&summary, &options);
	if (!vmt_summary_read(&summary, recordings, &options))
		vmt_summary_sort(&summary);
	vmt_summary_free(&summary);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char name[] = "fuzz.vmt";
	struct vmt_loaded_recording recording[2] = { { .name = name, .size = size } };
	struct vmt_recordings recordings = { recording, 1 };
	/* Not the recording's own map, whose pages vmt_load_put_aside() releases. */
	void *copy = fuzz_recording(data, size);

	if (!copy)
		return 0;
	if (!vmt_view_open(copy, size, &recording[0].view)) {
		/* The same recording twice, which makes a tree of processes. */
		recording[1] = recording[0];
		recordings.count += data[size - 2] >> 7;
		print_all(&recordings, data[size - 1], data[size - 2]);
		take_summary(&recordings, data[size - 1]);
	}
	free(copy);
	return 0;
}
