/* SPDX-License-Identifier: MIT */
/*
 * The text report: the core's, supplied with names, rows and a stream. If there are several
 * processes, they come first, with a line each. The core decides what a report says. Used by
 * print.c.
 */
#include "explain/explain_record.h"
#include "input/liveness.h"
#include "input/phase.h"
#include "leak/leak.h"
#include "report/print_allocators.h"
#include "report/cause_lead.h"
#include "report/cause_peak.h"
#include "report/print_text.h"
#include "report/tree.h"
#include "rows/apart.h"
#include "rows/same_line.h"
#include "naming/interpreter.h"
#include "naming/unnamed.h"
#include "naming/names.h"
#include "naming/teardown.h"
#include "util/headroom.h"
#include "util/must.h"

#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#define PREFIX 12u /* the most columns of ==PID== */

struct context {
	struct vmt_names names;
	FILE *stream;
};

static void emit(void *context, const char *bytes, size_t n)
{
	struct context *text = context;

	fwrite(bytes, 1, n, text->stream);
}

static bool resolve(void *context, const struct vmt_rec_site *site, struct vmt_report_spot spot,
		    struct vmt_report_place *ret_place)
{
	struct context *text = context;

	return vmt_names_resolve(&text->names, site, spot, ret_place);
}

/* Returns 80 for what is no terminal, so that a file looks the same whoever writes it. */
static uint32_t columns(FILE *stream)
{
	struct winsize size;

	if (!isatty(fileno(stream)) || ioctl(fileno(stream), TIOCGWINSZ, &size) || !size.ws_col)
		return VMT_FMT_WIDTH;
	return size.ws_col < VMT_REPORT_NARROWEST ? VMT_REPORT_NARROWEST : size.ws_col;
}

static const char *heading_of(enum vmt_rows_by by)
{
	static const char *const headings[] = { "where", "where", "function", "module", "" };

	return headings[by];
}

static const char *unit_of(enum vmt_rows_by by)
{
	static const char *const units[] = { NULL, NULL, "function", "module", "system call" };

	return units[by];
}

static bool is_filtered(const struct vmt_rows_options *rows)
{
	return rows->module || rows->function || rows->call;
}

static bool is_default(const struct vmt_rows_options *rows)
{
	return rows->by == VMT_ROWS_BY_LINE && rows->sort == VMT_ROWS_DEFAULT && !rows->cut &&
	       !is_filtered(rows);
}

/* Sites that the core would show. */
static bool is_handful(const struct vmt_view *view, const struct vmt_view_totals *totals)
{
	uint64_t count = vmt_view_count(view, VMT_SECTION_SITES);
	struct vmt_rec_site site;
	uint64_t n = 0;

	for (uint64_t i = VMT_SITE_FIRST; i < count && n <= VMT_REPORT_HANDFUL; i++) {
		if (vmt_view_site(view, i, &site))
			n += totals[i].live || site.counters.created || site.counters.split ||
			     site.counters.merged || site.counters.removed;
	}
	return n <= VMT_REPORT_HANDFUL;
}

/* Returns false where the core shows the call sites one by one. */
static bool make_rows(struct vmt_rows *rows, const struct vmt_view *view,
		      const struct vmt_view_totals *totals, struct vmt_symbols *symbols,
		      const struct vmt_rows_options *options)
{
	if (!totals)
		return false;
	vmt_rows_make(rows, view, totals, symbols, options);
	return !is_default(options) || !is_handful(view, totals) ||
	       vmt_same_line_find(rows, view, symbols);
}

/*
 * Returns how many rows get a stack: all that the user selected; otherwise those with at least 1 %
 * of the maps (of those at the peak, where the rows are of these), and all if there are only a few.
 * options: the user's.
 */
static uint64_t count_stacks(const struct vmt_rows *rows, const struct vmt_rows_options *options,
			     uint64_t maps)
{
	uint64_t n = 0;

	/* Stacks of single call sites do not explain sums over a function or a module. */
	if (options->by > VMT_ROWS_BY_SITE)
		return 0;
	if (!is_default(options))
		return rows->count;
	while (n < rows->count && (n < VMT_REPORT_HANDFUL || rows->item[n].live > maps / 100))
		n++;
	return n;
}

/* Did all that the calls made merge at once with what there was? */
static bool has_merged(const struct vmt_report_row *row)
{
	const struct vmt_rec_counters *counters = &row->counters;

	return !row->live && !counters->removed &&
	       counters->created + counters->split == counters->merged;
}

/* Returns how many rows are shown unless the user says so: "0 0" at the end is only counted. */
static uint64_t count_rows(const struct vmt_rows *rows)
{
	uint64_t n = rows->count;

	while (n > 1 && has_merged(&rows->item[n - 1]))
		n--;
	return n < VMT_REPORT_TOP ? n : VMT_REPORT_TOP;
}

static void use_rows(struct vmt_report_ops *ops, const struct vmt_rows *rows, uint64_t stack_count)
{
	ops->rows = rows->item;
	ops->row_count = rows->count;
	ops->stack_count = stack_count;
}

static void add_allocators(struct vmt_lines *lines, const struct vmt_view *view,
			   const struct vmt_view_totals *totals, struct vmt_symbols *symbols,
			   bool verbose)
{
	struct vmt_allocators allocators;

	vmt_allocators_read(view, totals, symbols, &allocators);
	vmt_print_allocators(lines, &allocators, verbose);
}

#define FILTERS 3u

/* The user's filters, "--function=grow", in ret_text. Returns how many there are. */
static size_t list_filters(const struct vmt_rows_options *options, char *ret_text[FILTERS])
{
	const char *const filters[FILTERS] = { options->module, options->function, options->call };
	static const char *const names[FILTERS] = { "module", "function", "call" };
	size_t n = 0;

	for (size_t i = 0; i < FILTERS; i++) {
		if (filters[i])
			ret_text[n++] = vmt_must_format("--%s=%s", names[i], filters[i]);
	}
	return n;
}

/* If nothing passes the filters, they are probably mistyped. */
static void tell_no_match(struct vmt_lines *lines, const struct vmt_rows_options *options)
{
	char *filter[FILTERS];
	size_t n = list_filters(options, filter);

	for (size_t i = 0; i < n; i++) {
		vmt_lines_add(lines, 10, "  filter  no call site has %s", filter[i]);
		free(filter[i]);
	}
}

/*
 * The lead is about the whole process, also where the table is not. Returns a line for its end, with what
 * the table's rows hold, or NULL. total: the maps that they are a part of.
 */
static char *part_of_filter(const struct vmt_rows *rows, const struct vmt_rows_options *options,
			    uint64_t total)
{
	char *filter[FILTERS], *text = NULL;
	size_t n = list_filters(options, filter);
	struct vmt_number part, whole;
	uint64_t held = 0;

	for (size_t i = 0; i < rows->count; i++)
		held += rows->item[i].live;
	if (n && rows->count)
		text = vmt_must_format(
			"the lines above are of all call sites; those with %s%s%s%s%s hold %s of "
			"the %s maps%s",
			filter[0], n > 1 ? " and " : "", n > 1 ? filter[1] : "",
			n > 2 ? " and " : "", n > 2 ? filter[2] : "", vmt_lines_number(&part, held),
			vmt_lines_number(&whole, total),
			options->sort == VMT_ROWS_PEAK ? " of the peak" : "");
	for (size_t i = 0; i < n; i++)
		free(filter[i]);
	return text;
}

/* Is the place of a call site, as the table shows it, only an address of a file? */
static bool has_unnamed_row(const struct vmt_view *view, struct vmt_symbols *symbols)
{
	struct vmt_names names = { symbols, view, false };
	uint64_t count = vmt_view_count(view, VMT_SECTION_SITES);
	struct vmt_report_place place;
	struct vmt_report_spot spot;
	struct vmt_rec_site site;

	for (uint64_t i = VMT_SITE_FIRST; i < count; i++) {
		if (vmt_view_site(view, i, &site) &&
		    (site.counters.created || site.counters.split || site.counters.removed) &&
		    vmt_report_blame(view, &site, vmt_names_resolve, &names, &spot) &&
		    !vmt_names_resolve(&names, &site, spot, &place))
			return true;
	}
	return false;
}

#define PHASES 6u

/* "  marks   +120 maps after 120 marks \"remember\", 0 after 120 marks \"scratch\", each up to the next mark" */
static void add_marks(struct vmt_lines *lines, const struct vmt_view *view, uint64_t torn_down)
{
	struct vmt_phase_sum sum[PHASES];
	size_t names = vmt_phase_sum(view, vmt_view_maps_now(view) + torn_down, sum, PHASES);
	char *text = vmt_must_copy(""), *more;
	struct vmt_number growth, times;

	for (size_t i = 0; i < names && i < PHASES; i++) {
		more = vmt_must_format("%s%s%s%s after %s mark%s \"%.*s\"", text, i ? ", " : "",
				       vmt_lines_number_signed(&growth, sum[i].growth),
				       i                  ? "" :
				       sum[i].growth == 1 ? " map" :
							    " maps",
				       vmt_lines_number(&times, sum[i].times),
				       sum[i].times == 1 ? "" : "s", (int)sum[i].name.length,
				       sum[i].name.bytes);
		free(text);
		text = more;
	}
	if (names)
		vmt_lines_add(lines, 10, "  marks   %s%s, each up to the next mark", text,
			      names > PHASES ? ", and others" : "");
	free(text);
}

/*
 * Stacks of an interpreter's own functions say little about a script that made many maps, and
 * addresses say nothing.
 */
static void add_hint(struct vmt_lines *lines, const struct vmt_view *view,
		     struct vmt_symbols *symbols)
{
	const struct vmt_rec_header *header = &view->header;
	bool is_small = header->maps_peak < header->maps_start + VMT_TREND_SMALL;
	const char *hint = is_small ? NULL : vmt_interpreter_hint(view, symbols);
	char *unnamed = !is_small || has_unnamed_row(view, symbols) ?
				vmt_unnamed_hint(view, symbols) :
				NULL;

	if (hint)
		vmt_lines_add(lines, 10, "  script  %s", hint);
	if (vmt_headroom_was_short())
		vmt_lines_add(
			lines, 10,
			"  names   some lines are missing: a limit (ulimit -v, -d) leaves too "
			"little memory for debug information");
	else if (unnamed)
		vmt_lines_add(lines, 10, "  names   %s", unnamed);
	free(unnamed);
}

/* A handful of maps says little about what the program kept. */
static void tell_teardown(struct vmt_report_options *options, const struct vmt_view *view,
			  struct vmt_symbols *symbols, struct vmt_teardown *teardown)
{
	vmt_teardown_read_all(view, symbols, teardown);
	if (teardown->maps < VMT_TREND_SMALL)
		return;
	options->torn_down = teardown->maps;
	options->torn_down_by = teardown->function;
}

/* For eyes: it stands before the report, whose last line is the summary. */
static void print_picture(FILE *stream, const struct vmt_view *view,
			  const struct vmt_report_options *text,
			  const struct vmt_picture_style *style)
{
	struct vmt_picture picture;

	if (!style->columns)
		return;
	vmt_picture_of_view(&picture, view, vmt_picture_width(style->columns));
	vmt_picture_print(stream, &picture, style);
	vmt_picture_print_timeline(stream, view, text->now, style);
	putc('\n', stream);
}

/* Only the rows that are shown are compared, as they are shown. */
static void tell_apart(struct vmt_rows *rows, struct vmt_symbols *symbols,
		       const struct vmt_view *view, const struct vmt_report_options *options,
		       struct vmt_report_ops ops)
{
	const struct context *printed = ops.context;
	struct context memory = *printed;
	char *places = NULL;
	size_t length;

	memory.stream = open_memstream(&places, &length);
	if (!memory.stream)
		return;
	ops.context = &memory;
	vmt_report_places(view, options, &ops);
	if (!fclose(memory.stream))
		vmt_apart_tell(rows, view, symbols, places, length);
	free(places);
}

static struct vmt_report_options options_of(FILE *stream, const struct vmt_view *view,
					    const struct vmt_print_options *options)
{
	struct vmt_report_options text = {
		.top = options->top,
		.depth = options->depth,
		.colour = options->colour,
		.verbose = options->verbose,
		.is_gone = vmt_liveness_is_gone(view),
		.width = columns(stream),
		.where = heading_of(options->rows.by),
		.unit = unit_of(options->rows.by),
		.is_filtered = is_filtered(&options->rows),
		.is_by_mapper = options->rows.cut,
	};

	if (!text.is_gone)
		text.now = vmt_liveness_now(CLOCK_MONOTONIC);
	return text;
}

/* The rows are of the maps of the peak where most of these are gone, unless the user says so. */
static void choose_count(struct vmt_report_options *text, struct vmt_rows_options *chosen,
			 const struct vmt_view *view)
{
	if (chosen->sort == VMT_ROWS_DEFAULT && vmt_cause_peak_is_over(view))
		chosen->sort = VMT_ROWS_PEAK;
	if (chosen->sort != VMT_ROWS_PEAK)
		return;
	text->counted = "peak";
	text->total = view->header.maps_peak;
}

/* The maps that the rows are parts of. */
static uint64_t count_all(const struct vmt_report_options *text, const struct vmt_view *view)
{
	return text->total ? text->total : vmt_view_maps_now(view);
}

void vmt_print_recording(FILE *stream, const struct vmt_loaded_recording *recording,
			 const struct vmt_print_options *options, struct vmt_symbols *symbols)
{
	const struct vmt_view *view = &recording->view;
	uint64_t sites = vmt_view_count(view, VMT_SECTION_SITES);
	struct vmt_view_totals *totals = calloc(sites + 2, sizeof(*totals));
	struct vmt_rows rows = { NULL, 0, NULL, 0 };
	struct vmt_rows_options chosen = options->rows;
	struct context context = { { symbols, view, options->verbose }, stream };
	struct vmt_report_ops ops = {
		.emit = emit, .resolve = resolve, .context = &context, .totals = totals
	};
	struct vmt_report_options text = options_of(stream, view, options);
	struct vmt_explain_record explained;
	struct vmt_teardown teardown;
	struct vmt_lines lines = { .width = text.width - PREFIX };
	bool *is_others = NULL, has_rows;
	char *part;

	chosen.now = text.now;
	tell_teardown(&text, view, symbols, &teardown);
	choose_count(&text, &chosen, view);
	if (totals)
		vmt_view_totals(view, totals, sites);
	has_rows = make_rows(&rows, view, totals, symbols, &chosen);
	part = part_of_filter(&rows, &chosen, count_all(&text, view));
	if (!vmt_explain_record(view, symbols, &explained))
		ops.lead_count =
			vmt_cause_lead_lines(&lines, &explained, text.now, text.torn_down, part);
	ops.is_others = is_others = vmt_leak_others(&explained, text.now);
	print_picture(stream, view, &text, &options->picture);
	if (totals)
		add_allocators(&lines, view, totals, symbols, text.verbose);
	add_marks(&lines, view, text.torn_down);
	add_hint(&lines, view, symbols);
	if (has_rows) {
		use_rows(&ops, &rows,
			 options->verbose ?
				 rows.count :
				 count_stacks(&rows, &options->rows, count_all(&text, view)));
		if (!rows.count)
			tell_no_match(&lines, &chosen);
		if (!text.top && !text.verbose && is_default(&options->rows))
			text.top = count_rows(&rows);
		tell_apart(&rows, symbols, view, &text, ops);
	}
	ops.lines = lines.line;
	ops.line_count = lines.count;
	vmt_report_report(view, &text, &ops);
	vmt_lines_free(&lines);
	vmt_explain_record_free(&explained);
	vmt_rows_free(&rows);
	free(is_others);
	free(part);
	free(totals);
}

/*
 * Returns the recording of the requested process, or the one with the highest peak (the first of
 * equals), or the ancestor from which that has most of its maps.
 */
static size_t choose(const struct vmt_recordings *recordings, uint32_t pid)
{
	size_t chosen = 0;

	for (size_t i = 0; i < recordings->count; i++) {
		const struct vmt_rec_header *header = &recordings->item[i].view.header;

		/* If a process has several images, the last one counts. */
		if (pid && header->pid == pid)
			chosen = i;
		if (!pid && header->maps_peak > recordings->item[chosen].view.header.maps_peak)
			chosen = i;
	}
	return pid ? chosen : vmt_load_origin(recordings, chosen);
}

void vmt_print_text(FILE *stream, const struct vmt_recordings *recordings,
		    const struct vmt_print_options *options, struct vmt_symbols *symbols)
{
	size_t chosen = choose(recordings, options->pid);

	if (recordings->count > 1)
		vmt_tree_print(stream, recordings, chosen, options->verbose);
	vmt_print_recording(stream, &recordings->item[chosen], options, symbols);
}
