/* SPDX-License-Identifier: MIT */
/*
 * All call sites as a table for spreadsheets and data frames: RFC 4180, with a first line of column
 * names. The text contains no control characters. A hostile program may give itself a name that a
 * spreadsheet would take for a formula, so such a name gets an apostrophe in front.
 */
#include "export/profile.h"
#include "util/must.h"

#include <inttypes.h>

static void put_csv_text(FILE *stream, const char *text)
{
	putc('"', stream);
	if (*text && strchr("=+-@", *text))
		putc('\'', stream);
	for (const char *at = text; *at; at++) {
		if (*at == '"')
			putc('"', stream);
		putc(*at, stream);
	}
	putc('"', stream);
}

/* Like folded stacks, but innermost first, since readers look for that in a column. */
static char *csv_stack(const struct vmt_profile *profile, const struct vmt_profile_sample *sample)
{
	char *text = NULL;
	size_t size = 0;
	FILE *stream = vmt_must(open_memstream(&text, &size));

	for (uint32_t i = vmt_profile_is_call(sample); i < sample->count; i++) {
		const struct vmt_profile_location *location =
			&profile->location[sample->location[i]];

		for (uint32_t k = 0; k < location->lines; k++)
			fprintf(stream, "%s%s", ftell(stream) ? ";" : "",
				location->line[k].function);
	}
	if (fclose(stream))
		abort();
	return text;
}

static void put_csv_row(FILE *stream, const struct vmt_profile *profile,
			const struct vmt_profile_sample *sample, struct vmt_symbols *symbols)
{
	const struct vmt_rec_counters *counters = &sample->site.counters;
	char *where = vmt_profile_is_call(sample) ? vmt_profile_where(profile, sample, symbols) :
						    vmt_must_copy("");
	char *stack = csv_stack(profile, sample);

	put_csv_text(stream, profile->program);
	fprintf(stream, ",%" PRIu32 ",%" PRIu32 ",%" PRIu64 ",%s,", profile->view->header.pid,
		profile->view->header.image, sample->index,
		vmt_calls_name(vmt_profile_is_call(sample) ? sample->site.call : VMT_CALL_NONE));
	put_csv_text(stream, where);
	for (size_t i = 0; i < VMT_EXPORT_VALUES; i++)
		fprintf(stream, ",%" PRIu64, sample->value[i]);
	fprintf(stream, ",%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",%" PRId64 ",", counters->removed,
		counters->calls, counters->failed, vmt_view_net(counters));
	put_csv_text(stream, stack);
	fputs("\r\n", stream);
	free(where);
	free(stack);
}

int vmt_csv_write(FILE *stream, const struct vmt_recordings *recordings,
		  const struct vmt_export_options *options, struct vmt_symbols *symbols)
{
	struct vmt_profile profile;

	fputs("program,pid,image,site,call,where", stream);
	for (size_t i = 0; i < VMT_EXPORT_VALUES; i++)
		fprintf(stream, ",%s", vmt_export_value_name((enum vmt_export_value)i));
	fputs(",removed,calls,failed,net,stack\r\n", stream);
	for (size_t i = 0; i < recordings->count; i++) {
		if (!vmt_export_is_wanted(options, &recordings->item[i].view))
			continue;
		vmt_profile_read(&profile, &recordings->item[i].view, symbols);
		for (size_t k = 0; k < profile.samples; k++)
			put_csv_row(stream, &profile, &profile.sample[k], symbols);
		vmt_profile_free(&profile);
		vmt_load_put_aside(&recordings->item[i]);
	}
	return 0;
}
