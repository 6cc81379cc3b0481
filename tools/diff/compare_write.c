/* SPDX-License-Identifier: MIT */
/* Writes differences as text and as JSON for the command diff; see compare.h. */
#include "diff/compare.h"
#include "core/base/fmt.h"
#include "core/base/printable.h"
#include "util/value.h"
#include "util/lines.h"
#include "util/must.h"

#include <errno.h>
#include <stdlib.h>

#define SHOWN_FRAMES 6
#define PEAK_LEAST   16 /* maps; peaks vary by a few from run to run */

/* Where the call was in the older run, if it is elsewhere now: lines move when others are added. */
static void put_moved(FILE *stream, const struct vmt_stack_frame *place,
		      const struct vmt_summary_site *was)
{
	const struct vmt_stack_frame *old = was ? vmt_stack_blame(&was->stack) : NULL;

	if (!old || !old->file)
		return;
	if (strcmp(old->file, place->file) != 0)
		fprintf(stream, " (before: %s:%u)", old->file, old->line);
	else if (old->line != place->line)
		fprintf(stream, " (before: line %u)", old->line);
}

/* The key's lines without the call, or files and lines if they are known. */
static void put_stack(FILE *stream, const struct vmt_summary_site *site,
		      const struct vmt_summary_site *was)
{
	const char *line = strchr(site->key, '\n');
	const struct vmt_stack_frame *place = vmt_stack_blame(&site->stack);

	if (place && place->file) {
		fprintf(stream, "            at %s:%u%s", place->file, place->line, place->mark);
		put_moved(stream, place, was);
		fputc('\n', stream);
	}
	for (int i = 0; line && line[1]; i++) {
		const char *start = line + 1;
		int n;

		if (i == SHOWN_FRAMES) {
			fputs("            ...\n", stream);
			break;
		}

		line = strchr(start, '\n');
		n = line ? (int)(line - start) : (int)strlen(start);
		fprintf(stream, "            #%d  %.*s\n", i, n, start);
	}
}

static void put_item(FILE *stream, const struct vmt_difference *item)
{
	vmt_compare_counts(stream, item->before, item->after);
	fprintf(stream, "  %s  %s, %s\n", item->site->call, item->program, item->kind);
	put_stack(stream, item->site, item->was);
}

bool vmt_compare_differs_at_peak(const struct vmt_comparison *comparison)
{
	int64_t peak = vmt_compare_peak(comparison);

	return llabs(peak - comparison->change) >= PEAK_LEAST && llabs(peak) >= PEAK_LEAST;
}

/* A burst leaves nothing behind, and brings the limit nearer all the same. */
static void put_highest(struct vmt_fmt *fmt, const struct vmt_comparison *comparison)
{
	if (!vmt_compare_differs_at_peak(comparison))
		return;
	vmt_fmt_str(fmt, "; the highest peak ");
	vmt_fmt_signed(fmt, vmt_compare_peak(comparison), 0);
}

static void put_all(FILE *stream, const struct vmt_comparison *comparison, uint64_t top)
{
	int64_t change = comparison->change;
	struct vmt_fmt fmt;

	vmt_fmt_init(&fmt, vmt_lines_emit, stream, 0);
	vmt_compare_programs(stream, comparison, top);
	vmt_compare_places(stream, comparison, top);
	if (comparison->count)
		fprintf(stream, "  change   before    after  call site%s\n",
			comparison->at_peak ? ", maps at the peak" : "");
	for (size_t i = 0; i < comparison->count && i < top; i++)
		put_item(stream, &comparison->item[i]);
	if (comparison->count > top)
		fprintf(stream, "         and %llu more call sites (--top=N)\n",
			(unsigned long long)(comparison->count - top));
	vmt_fmt_str(&fmt, "SUMMARY: vmatrace: ");
	vmt_fmt_signed(&fmt, change, 0);
	vmt_fmt_str(&fmt, change == 1 || change == -1 ? " map, " : " maps, ");
	vmt_fmt_count(&fmt, comparison->count, "call site");
	vmt_fmt_str(&fmt, " changed");
	if (comparison->at_peak)
		vmt_fmt_str(&fmt, " at the peak");
	else
		put_highest(&fmt, comparison);
	vmt_fmt_end_bare(&fmt);
}

/* Names of files and functions are written as they are; a terminal must not interpret them. */
static void write_printable(FILE *stream, char *text)
{
	char *next;

	for (; *text; text = next) {
		size_t n = strcspn(text, "\n");

		vmt_printable(text, n);
		next = text + n + (text[n] == '\n');
		fwrite(text, 1, (size_t)(next - text), stream);
	}
}

int vmt_compare_text(FILE *stream, const struct vmt_comparison *comparison, uint64_t top)
{
	char *text = NULL;
	size_t length = 0;
	FILE *memory = open_memstream(&text, &length);

	if (!memory)
		return -errno;
	put_all(memory, comparison, top);
	if (fclose(memory)) {
		free(text);
		return -ENOMEM;
	}
	write_printable(stream, text);
	free(text);
	return 0;
}

static json_t *item_of(const struct vmt_difference *item)
{
	const struct vmt_stack_frame *place = vmt_stack_blame(&item->site->stack);
	json_t *object = json_object();

	json_object_set_new(object, "program", vmt_value_string(item->program));
	json_object_set_new(object, "kind", json_string(item->kind));
	json_object_set_new(object, "call", vmt_value_string(item->site->call));
	json_object_set_new(object, "before", json_integer(item->before));
	json_object_set_new(object, "after", json_integer(item->after));
	json_object_set_new(object, "change", json_integer(item->after - item->before));
	json_object_set_new(object, "file", vmt_value_string(place ? place->file : NULL));
	json_object_set_new(object, "line",
			    place && place->line ? json_integer(place->line) : json_null());
	json_object_set_new(object, "stack", vmt_value_lines(vmt_summary_frames(item->site)));
	return object;
}

json_t *vmt_compare_value(const struct vmt_comparison *comparison)
{
	json_t *root = json_object();
	json_t *sites = json_array();

	for (size_t i = 0; i < comparison->count; i++)
		json_array_append_new(sites, item_of(&comparison->item[i]));
	json_object_set_new(root, "schema", json_string("vmatrace.diff/1"));
	if (comparison->at_peak)
		json_object_set_new(root, "at_peak", json_true());
	json_object_set_new(root, "change", json_integer(comparison->change));
	json_object_set_new(root, "growth_before", json_integer(comparison->growth_before));
	json_object_set_new(root, "growth_after", json_integer(comparison->growth_after));
	json_object_set_new(root, "sites", sites);
	return root;
}

int vmt_compare_json(FILE *stream, const struct vmt_comparison *comparison)
{
	json_t *root = vmt_compare_value(comparison);

	return vmt_value_dump(stream, root);
}
