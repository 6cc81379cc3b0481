/* SPDX-License-Identifier: MIT */
/*
 * The page of `vmatrace maps`: the answer before the evidence, in 80 columns, and no claims that
 * are not known. See cause_text.h.
 */
#include "explain/explain_files.h"
#include "report/cause_parts.h"
#include "report/cause_text.h"

#include <stdio.h>
#include <string.h>

#define KINDS_SHOWN 8u
#define PAIRS_SHOWN 6u
#define TOP_FILES   3u

#define FILES_COLUMN 31u

static bool is_inside_character(char byte)
{
	return ((unsigned char)byte & 0xc0) == 0x80;
}

/* A path that does not fit gets "..." in its middle; JSON has it in full. */
static void put_path(struct vmt_lines *lines, const char *start, const char *path)
{
	size_t room = lines->width > FILES_COLUMN + 20 ? lines->width - FILES_COLUMN : 20;
	size_t n = strlen(path), head = room / 3, tail;

	if (n <= room) {
		vmt_lines_add(lines, FILES_COLUMN, "%s%s", start, path);
		return;
	}
	tail = n - (room - 3 - head);
	while (head && is_inside_character(path[head]))
		head--;
	while (is_inside_character(path[tail]))
		tail++;
	vmt_lines_add(lines, FILES_COLUMN, "%s%.*s...%s", start, (int)head, path, path + tail);
}

static void put_files(struct vmt_lines *lines, const struct vmt_explain *explain,
		      enum vmt_kind kind)
{
	struct vmt_explain_files files[TOP_FILES];
	size_t n = vmt_explain_top_files(explain, kind, files, TOP_FILES);
	struct vmt_number number;
	char start[64];

	for (size_t i = 0; i < n; i++) {
		snprintf(start, sizeof(start), "%*s%7s  ", (int)FILES_COLUMN - 9, "",
			 vmt_lines_number(&number, files[i].maps));
		put_path(lines, start, files[i].pattern);
	}
	vmt_explain_free_files(files, n);
}

static void put_kinds(struct vmt_lines *lines, const struct vmt_explain *explain)
{
	struct vmt_number number, bytes;
	uint64_t rest = 0;

	for (size_t i = 0; i < explain->kind_count; i++) {
		const struct vmt_explain_kind *kind = &explain->kinds[i];

		if (i >= KINDS_SHOWN) {
			rest += kind->maps;
			continue;
		}
		vmt_lines_add(lines, 12, "%8s  %s%s%s%s, %s", vmt_lines_number(&number, kind->maps),
			      vmt_explain_kind_word(kind->kind),
			      vmt_cause_plural(kind->kind, kind->maps), kind->detail ? ": " : "",
			      kind->detail ? kind->detail : "",
			      vmt_lines_number_bytes(&bytes, kind->bytes));
		if (kind->maps >= VMT_EXPLAIN_LEAST &&
		    (kind->kind == VMT_KIND_FILE || kind->kind == VMT_KIND_DELETED))
			put_files(lines, explain, kind->kind);
	}
	if (rest)
		vmt_lines_add(lines, 12, "%8s  of other kinds", vmt_lines_number(&number, rest));
}

static void put_neighbours(struct vmt_lines *lines, const struct vmt_explain *explain,
			   bool is_saved)
{
	struct vmt_cause_reason reasons[VMT_APART_COUNT];
	const struct vmt_cause_reason *reason = NULL;
	struct vmt_number number;
	char text[256];

	vmt_cause_sum_reasons(explain, reasons);
	vmt_lines_add(lines, 0, "Neighbours that touch but are two maps: %s",
		      vmt_lines_number(&number, explain->touching));
	for (unsigned i = 0; i < PAIRS_SHOWN; i++) {
		reason = vmt_cause_next_reason(reasons, reason);
		if (!reason)
			break;
		vmt_cause_put_reason(text, sizeof(text), explain, reason, false);
		vmt_lines_add(lines, 12, "%8s  %s", vmt_lines_number(&number, reason->pairs), text);
	}
	if (reasons[VMT_APART_UNKNOWN].pairs && !explain->flags_known)
		vmt_lines_add(
			lines, 10, "          (%s)",
			is_saved ?
				"a copy of /proc/PID/smaps would have their flags" :
				"--flags reads their flags and policies, too, which takes longer");
}

static void put_remedies(struct vmt_lines *lines, const struct vmt_explain *explain, uint64_t limit)
{
	bool is_alone = vmt_explain_is_mostly_alone(explain);
	struct vmt_number saves;
	char text[40];

	if (!explain->pattern_count && !is_alone) {
		vmt_lines_add(lines, 0,
			      "What would help: no pattern with a known remedy is recognised");
		vmt_cause_put_limit(lines, "  for now: ", explain->count, limit);
		return;
	}
	vmt_lines_add(lines, 0, "What would help");
	if (is_alone)
		vmt_lines_add(lines, 10, "          pieces that touch no other: %s",
			      vmt_explain_alone_remedy(explain));
	for (size_t i = 0; i < explain->pattern_count; i++) {
		const struct vmt_explain_pattern *pattern = &explain->patterns[i];

		const char *also = vmt_explain_also(pattern->pattern);

		/* Patterns come by weight; those that cover less than 1 % are left to JSON. */
		if (vmt_explain_weight(pattern) < explain->count / 100)
			break;
		snprintf(text, sizeof(text), "-%s", vmt_lines_number(&saves, pattern->saves));
		if (pattern->is_open)
			text[0] = '\0';
		vmt_lines_add(lines, 10, "%8s  %s: %s.%s%s", text,
			      vmt_explain_pattern_word(explain, pattern->pattern),
			      vmt_explain_remedy(explain, pattern->pattern), also ? " " : "",
			      also ? also : "");
	}
	vmt_cause_put_limit(lines, "  for now: ", explain->count, limit);
}

static void put_pattern(struct vmt_lines *lines, const struct vmt_explain *explain,
			const struct vmt_explain_pattern *pattern)
{
	struct vmt_number number;

	vmt_lines_add(lines, 2, "  %s %s (%s maps)",
		      pattern->maps > explain->count / 2 ? "mostly" : "among them",
		      vmt_explain_pattern_word(explain, pattern->pattern),
		      vmt_lines_number(&number, pattern->maps));
}

/* One line for the cause, and a second if another cause comes close. */
static void put_cause(struct vmt_lines *lines, const struct vmt_explain *explain)
{
	const struct vmt_explain_pattern *top = explain->patterns;
	struct vmt_number number, alike, size;

	if (vmt_explain_is_mostly_alone(explain))
		vmt_lines_add(lines, 2,
			      "  mostly pieces of memory that touch no other (%s maps, %s of %s%s)",
			      vmt_lines_number(&number, explain->alone),
			      vmt_lines_number(&alike, explain->alone_alike),
			      vmt_lines_number_bytes(&size, explain->alone_size),
			      vmt_explain_is_heap_like(explain) ?
				      "; typical of garbage-collected heaps" :
				      "");
	if (explain->pattern_count)
		put_pattern(lines, explain, top);
	if (explain->pattern_count > 1 &&
	    vmt_explain_weight(top + 1) >= vmt_explain_weight(top) / 2)
		put_pattern(lines, explain, top + 1);
}

void vmt_cause_page(struct vmt_lines *lines, const struct vmt_explain *explain, uint64_t limit)
{
	struct vmt_number number, size;

	put_cause(lines, explain);
	put_kinds(lines, explain);
	put_neighbours(lines, explain, !limit);
	if (explain->holes)
		vmt_lines_add(lines, 0, "Holes between maps: %s, the largest %s",
			      vmt_lines_number(&number, explain->holes),
			      vmt_lines_number_bytes(&size, explain->largest_hole));
	put_remedies(lines, explain, limit);
	if (explain->count >= VMT_EXPLAIN_COSTLY)
		vmt_cause_put_cost(lines, "Cost of ", explain->count);
}
