/* SPDX-License-Identifier: MIT */
/*
 * Fuzz target: the text of /proc/PID/maps or smaps, from a file with any content: parsed line by
 * line and as a whole, explained, and written as text and as JSON.
 */
#include "fuzz.h"

#include "core/vma/mapsline.h"
#include "input/procmaps.h"
#include "json/json_explain.h"
#include "report/cause_text.h"

#include <string.h>

static void parse_line(const char *line, size_t length)
{
	struct vmt_mapsline parsed;

	if (vmt_mapsline_parse(line, length, &parsed))
		return;
	fuzz_must(parsed.vma.start < parsed.vma.end, "a map has a length");
	fuzz_must(parsed.name_length <= length &&
			  (!parsed.name_length ||
			   (parsed.name >= line &&
			    parsed.name + parsed.name_length <= line + length)),
		  "a name lies in its line");
}

static void parse_lines(const char *text, size_t size)
{
	const char *end = text + size;
	const char *stop;

	for (const char *at = text; at < end; at = stop + 1) {
		stop = memchr(at, '\n', (size_t)(end - at));
		stop = stop ? stop : end;
		parse_line(at, (size_t)(stop - at));
	}
}

static void explain(struct vmt_procmaps *maps)
{
	struct vmt_explain_facts facts = { .sites = 0 };
	struct vmt_lines lines = { .width = 80 };
	struct vmt_explain explained;
	json_t *object = json_object();

	if (!vmt_explain(maps->map, maps->count, &facts, &explained)) {
		vmt_cause_page(&lines, &explained, 65530);
		vmt_cause_brief(&lines, &explained, NULL, false);
		vmt_json_explain(object, &explained);
		vmt_json_explain_files(object, &explained);
	}
	for (size_t i = 0; i < lines.count; i++)
		fuzz_must_be_printable(lines.line[i], strlen(lines.line[i]));
	vmt_lines_free(&lines);
	vmt_explain_free(&explained);
	free(json_dumps(object, 0));
	json_decref(object);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct vmt_procmaps maps;
	char *text = malloc(size ? size : 1);

	if (!text)
		return 0;
	memcpy(text, data, size);
	parse_lines(text, size);
	if (!vmt_procmaps_parse(text, size, &maps)) {
		for (size_t i = 1; i < maps.count; i++)
			fuzz_must(maps.map[i - 1].end <= maps.map[i].start, "maps are in order");
		explain(&maps);
	}
	vmt_procmaps_free(&maps);
	return 0;
}
