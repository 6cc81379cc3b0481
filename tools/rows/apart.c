/* SPDX-License-Identifier: MIT */
/*
 * Tries what may differ between rows, the shortest first: the function that the code was inlined
 * into, its line, the whole name, the folder, the module, the caller. Prints nothing. See apart.h.
 */
#include "rows/apart.h"
#include "core/report/short_name.h"
#include "naming/place.h"
#include "naming/stack.h"
#include "util/must.h"

#include <ctype.h>

#define SHORT 36u /* letters of a text, so that it fits into a line of the table */

/* Rows that read alike, and what is tried for each. */
struct alike {
	const struct vmt_view *view;
	struct vmt_symbols *symbols;
	struct vmt_report_row **row;
	char **text; /* NULL: there is nothing to tell of this one */
	size_t count;
};

static char *short_of(const char *name)
{
	char text[VMT_SHORT_NAME_MAX];

	return vmt_must(strndup(text, vmt_short_name(name, strlen(name), SHORT, text)));
}

static bool find_place(const struct alike *alike, size_t i, struct vmt_place *ret_place)
{
	struct vmt_rec_site site;

	return vmt_view_site(alike->view, alike->row[i]->site, &site) &&
	       vmt_place_find(alike->symbols, alike->view, &site, ret_place);
}

static char *outer_of(const struct alike *alike, size_t i)
{
	struct vmt_place place;

	return !alike->row[i]->label && find_place(alike, i, &place) && place.outermost ?
		       short_of(place.outermost) :
		       NULL;
}

/* "load src/pool.c:12" */
static char *with_line(const char *function, const char *file, uint32_t line)
{
	char source[VMT_PLACE_SOURCE_MAX];
	char *name = short_of(function);
	char *text;

	vmt_place_put_source(file, line, source);
	text = vmt_must_format("%s%s", name, source);
	free(name);
	return text;
}

static char *outer_line_of(const struct alike *alike, size_t i)
{
	struct vmt_place place;

	return !alike->row[i]->label && find_place(alike, i, &place) && place.outermost ?
		       with_line(place.outermost, place.outer.short_file, place.outer.line) :
		       NULL;
}

static char *whole_name_of(const struct alike *alike, size_t i)
{
	const char *label = alike->row[i]->label;
	struct vmt_place place;

	if (label)
		return vmt_must_copy(label);
	return find_place(alike, i, &place) && place.symbol.function ?
		       vmt_must_copy(place.symbol.function) :
		       NULL;
}

static char *file_of(const struct alike *alike, size_t i)
{
	struct vmt_place place;

	return !alike->row[i]->label && find_place(alike, i, &place) && place.symbol.file ?
		       vmt_must_copy(place.symbol.file) :
		       NULL;
}

static char *module_of(const struct alike *alike, size_t i)
{
	struct vmt_place place;

	return !alike->row[i]->label && find_place(alike, i, &place) ?
		       vmt_rowkey_module(alike->view, place.spot.frame) :
		       NULL;
}

/* Returns the `depth`th of the project's functions that lead to the one that is blamed; or NULL. */
static char *caller_of(const struct alike *alike, size_t i, uint32_t depth)
{
	const struct vmt_stack_frame *frame, *end;
	struct vmt_rec_site site;
	struct vmt_stack stack;
	char *text = NULL;

	if (!vmt_view_site(alike->view, alike->row[i]->site, &site))
		return NULL;
	vmt_stack_read(&stack, alike->view, &site, alike->symbols);
	frame = vmt_stack_blame(&stack);
	end = stack.frame + stack.count;
	while (frame && !text && ++frame < end) {
		if (frame->is_own && frame->function && !--depth)
			text = with_line(frame->function, frame->short_file, frame->line);
	}
	vmt_stack_free(&stack);
	return text;
}

static bool is_letter(char c)
{
	return isalnum((unsigned char)c) || c == '_';
}

/* Returns how many letters all texts have in common, up to where a word begins. */
static size_t common_length(const struct alike *alike)
{
	const char *first = NULL;
	size_t length = SIZE_MAX;

	for (size_t i = 0; i < alike->count; i++) {
		size_t n = 0;

		first = first ? first : alike->text[i];
		if (!alike->text[i] || first == alike->text[i])
			continue;
		while (first[n] && first[n] == alike->text[i][n])
			n++;
		length = n < length ? n : length;
	}
	while (length && length != SIZE_MAX && is_letter(first[length - 1]))
		length--;
	return length == SIZE_MAX ? 0 : length;
}

/* Long texts begin where they differ: "...int, 8>::get" */
static void shorten(struct alike *alike)
{
	size_t common = common_length(alike);

	for (size_t i = 0; i < alike->count; i++) {
		size_t n = alike->text[i] ? strlen(alike->text[i]) : 0;
		size_t from = n > SHORT && common > 3 ? common : 0;
		bool is_cut = n - from > SHORT;
		char *text;

		if (n <= SHORT)
			continue;
		text = vmt_must_format("%s%.*s%s", from ? "..." : "",
				       is_cut ? (int)(SHORT - 3) : (int)SHORT,
				       alike->text[i] + from, is_cut ? "..." : "");
		free(alike->text[i]);
		alike->text[i] = text;
	}
}

/* Returns how many of the rows differ; one may have no text. */
static size_t count_different(const struct alike *alike)
{
	size_t n = 0;

	for (size_t i = 0; i < alike->count; i++) {
		size_t k = 0;

		while (k < i && (!alike->text[k] || !alike->text[i] ?
					 alike->text[k] != alike->text[i] :
					 strcmp(alike->text[k], alike->text[i]) != 0))
			k++;
		n += k == i;
	}
	return n;
}

/* Keep the texts if they tell more rows apart than those before. */
static void keep_better(struct vmt_rows *rows, struct alike *alike, const char *word, size_t *best)
{
	size_t n = count_different(alike);

	for (size_t i = 0; i < alike->count; i++) {
		if (n > *best && alike->text[i])
			alike->row[i]->apart =
				vmt_rows_keep(rows, vmt_must_format("%s%s", word, alike->text[i]));
		else if (n > *best)
			alike->row[i]->apart = NULL;
		free(alike->text[i]);
		alike->text[i] = NULL;
	}
	*best = n > *best ? n : *best;
}

#define CALLERS 16u /* functions of the project that are compared… */
#define STACKS  64u /* …in as many rows at most, since each has its stack read */

static void tell(struct vmt_rows *rows, struct alike *alike)
{
	static const struct {
		const char *word;
		char *(*of)(const struct alike *alike, size_t i);
		bool is_whole; /* it has been shortened already, or must not be */
	} ways[] = {
		{ "in ", outer_of, true },    { "in ", outer_line_of, true },
		{ "", whole_name_of, false }, { "", file_of, false },
		{ "of ", module_of, true },
	};
	size_t best = 1;

	for (size_t way = 0; way < VMT_COUNT(ways) && best < alike->count; way++) {
		for (size_t i = 0; i < alike->count; i++)
			alike->text[i] = ways[way].of(alike, i);
		if (!ways[way].is_whole)
			shorten(alike);
		keep_better(rows, alike, ways[way].word, &best);
	}
	for (uint32_t depth = 1; depth <= CALLERS && best < alike->count && alike->count <= STACKS;
	     depth++) {
		for (size_t i = 0; i < alike->count; i++)
			alike->text[i] = alike->row[i]->label ? NULL : caller_of(alike, i, depth);
		keep_better(rows, alike, "called by ", &best);
	}
}

/* Gather the rows that read like row `first`; they are found once. */
static void find_alike(struct vmt_rows *rows, char *const *place, size_t shown, size_t first,
		       bool *is_done, struct alike *alike)
{
	alike->count = 0;
	for (size_t i = first; i < shown; i++) {
		if (is_done[i] || rows->item[i].call != rows->item[first].call ||
		    strcmp(place[i], place[first]) != 0)
			continue;
		is_done[i] = true;
		alike->row[alike->count++] = &rows->item[i];
	}
}

void vmt_apart_tell(struct vmt_rows *rows, const struct vmt_view *view, struct vmt_symbols *symbols,
		    const char *places, size_t length)
{
	struct alike alike = { .view = view, .symbols = symbols };
	char **place = vmt_must_alloc(rows->count, sizeof(*place));
	bool *is_done = vmt_must_alloc(rows->count, sizeof(*is_done));
	size_t shown = 0;

	alike.row = vmt_must_alloc(rows->count, sizeof(*alike.row));
	alike.text = vmt_must_alloc(rows->count, sizeof(*alike.text));
	for (const char *at = places; at < places + length && shown < rows->count;
	     at += strlen(at) + 1)
		place[shown++] = vmt_must_copy(at);
	for (size_t i = 0; i < shown; i++) {
		find_alike(rows, place, shown, i, is_done, &alike);
		if (alike.count > 1)
			tell(rows, &alike);
	}
	while (shown)
		free(place[--shown]);
	free(place);
	free(is_done);
	free(alike.row);
	free(alike.text);
}
