/* SPDX-License-Identifier: MIT */
/*
 * The call sites in the text report: first the table with a line for each, so that the answer fits
 * on one screen, then their stacks. If there are only a few, each line is followed by its stack
 * instead. Pure like the rest (report.h).
 */
#include "core/report/report_parts.h"

/* The main effect of a site's calls: new maps, splits, merges, or removals? */
static const char *word_of(const struct vmt_rec_counters *counters)
{
	uint64_t most = counters->created;
	const char *word = most ? " new" : "";

	if (counters->merged && counters->merged >= most) {
		most = counters->merged;
		word = " merge";
	}
	if (counters->split > most) {
		most = counters->split;
		word = " split";
	}
	return counters->removed > most ? " gone" : word;
}

/* For one call with one effect, the table's line says it all. */
static bool is_trivial(const struct vmt_rec_counters *counters)
{
	return counters->calls == 1 && !counters->failed &&
	       counters->created + counters->split + counters->merged + counters->removed == 1;
}

static void put_effect(struct vmt_fmt *fmt, const char *name, uint64_t value, bool *is_first)
{
	if (!value)
		return;
	vmt_fmt_str(fmt, *is_first ? ": " : ", ");
	vmt_fmt_str(fmt, name);
	vmt_fmt_str(fmt, " ");
	vmt_fmt_num(fmt, value, 0);
	*is_first = false;
}

static void put_effects(struct vmt_fmt *fmt, const struct vmt_rec_counters *counters)
{
	bool is_first = true;

	/* A site without calls is one whose maps a fork child inherited. */
	if (!counters->calls) {
		vmt_fmt_str(fmt, "by the parent, before the fork");
		return;
	}
	vmt_fmt_count(fmt, counters->calls, "call");
	if (counters->failed) {
		vmt_fmt_str(fmt, " (");
		vmt_fmt_num(fmt, counters->failed, 0);
		vmt_fmt_str(fmt, " failed)");
	}
	put_effect(fmt, "created", counters->created, &is_first);
	put_effect(fmt, "split", counters->split, &is_first);
	put_effect(fmt, "merged", counters->merged, &is_first);
	put_effect(fmt, "removed", counters->removed, &is_first);
}

/* Shares that are nearer to 0 than to 1 % are left out. */
static void put_share(struct vmt_report *text, uint64_t live)
{
	uint64_t now = text->options->total ? text->options->total : text->maps_now;
	uint64_t percent = live <= now ? vmt_report_percent(live, now) : 0;

	if (!percent) {
		vmt_fmt_str(&text->fmt, "      ");
		return;
	}
	vmt_fmt_num(&text->fmt, percent, 4);
	vmt_fmt_str(&text->fmt, " %");
}

static uint64_t exact_live(const struct vmt_report *text, const struct vmt_report_row *row)
{
	if (text->ops->totals || row->sites > 1)
		return row->live;
	return vmt_view_totals_of_site(text->view, row->site).live;
}

static void put_numbers(struct vmt_report *text, uint64_t live, int64_t net)
{
	vmt_fmt_num(&text->fmt, live, text->live_width);
	vmt_fmt_signed(&text->fmt, net, text->net_width);
	put_share(text, live);
	vmt_fmt_str(&text->fmt, "  ");
}

/* What several calls did has no one name: some made maps that others removed. */
static void put_call(struct vmt_report *text, const struct vmt_report_row *row)
{
	const char *name = row->call ? vmt_calls_name(row->call) : "several";
	const char *word = row->call ? word_of(&row->counters) : " calls";
	size_t n = __builtin_strlen(name);

	vmt_fmt_str(&text->fmt, name);
	vmt_fmt_left(&text->fmt, word, n < 14 ? 14 - (uint32_t)n : 0);
	vmt_fmt_str(&text->fmt, "  ");
}

static void put_label(struct vmt_report *text, const char *label)
{
	size_t n = __builtin_strlen(label);
	size_t room = vmt_fmt_room(&text->fmt);

	if (n <= room || room < 4 || text->options->verbose) {
		vmt_fmt_bytes(&text->fmt, label, n);
		return;
	}
	vmt_fmt_bytes(&text->fmt, label, room - 3);
	vmt_fmt_str(&text->fmt, "...");
}

static void put_where(struct vmt_report *text, const struct vmt_report_row *row)
{
	struct vmt_rec_site site;

	if (row->label)
		put_label(text, row->label);
	else if (vmt_view_site(text->view, row->site, &site))
		vmt_report_headline(text, &site);
	vmt_fmt_end(&text->fmt);
}

/* What tells rows apart stands below the place if there is room, otherwise further left. */
static void put_apart(struct vmt_report *text, const char *apart)
{
	uint32_t left = text->live_width + text->net_width + 8;
	bool is_below = left + 18 + __builtin_strlen(apart) <= vmt_fmt_room(&text->fmt);

	vmt_fmt_left(&text->fmt, "", is_below ? left + 18 : left);
	vmt_fmt_str(&text->fmt, apart);
	vmt_fmt_wrap(&text->fmt, left + 2);
}

static void put_row(struct vmt_report *text, const struct vmt_report_row *row)
{
	put_numbers(text, exact_live(text, row), vmt_view_net(&row->counters));
	put_call(text, row);
	put_where(text, row);
	if (row->apart)
		put_apart(text, row->apart);
	if (!row->below)
		return;
	vmt_fmt_left(&text->fmt, "", text->live_width + text->net_width + 8);
	vmt_fmt_str(&text->fmt, row->below);
	vmt_fmt_wrap(&text->fmt, text->live_width + text->net_width + 10);
}

static void put_stack(struct vmt_report *text, const struct vmt_report_row *row, bool is_handful)
{
	struct vmt_rec_site site;

	if (vmt_view_site(text->view, row->site, &site) &&
	    !(is_handful && vmt_report_stack_is_headline(text, &site)))
		vmt_report_stack(text, &site);
}

/*
 * "  mmap, 9 calls: created 9; 9 live" and the stack: the first of several sites in one table row.
 */
static void put_detail(struct vmt_report *text, const struct vmt_report_row *row,
		       const struct vmt_report_row *line)
{
	uint64_t live = exact_live(text, row);

	vmt_fmt_str(&text->fmt, "  ");
	vmt_fmt_str(&text->fmt, vmt_calls_name(row->call));
	vmt_fmt_str(&text->fmt, ", ");
	put_effects(&text->fmt, &row->counters);
	vmt_fmt_str(&text->fmt, "; ");
	vmt_fmt_num(&text->fmt, text->ops->rows ? line->part : live, 0);
	if (line->sites > 1 && line->live) {
		vmt_fmt_str(&text->fmt, " of ");
		vmt_fmt_num(&text->fmt, line->live, 0);
	}
	vmt_fmt_str(&text->fmt, text->options->counted ? " at the peak" : " live");
	if (line->sites > 1) {
		vmt_fmt_str(&text->fmt, ", the first of ");
		vmt_fmt_num(&text->fmt, line->sites, 0);
		vmt_fmt_str(&text->fmt, " stacks on its line");
	}
	vmt_fmt_wrap(&text->fmt, 4);
	vmt_report_site_growth(text, row, live);
	put_stack(text, row, false);
}

/* The number in the first column of a site's row. */
static uint64_t counted_of(const struct vmt_report *text, const struct vmt_report_row *row)
{
	uint64_t live = exact_live(text, row);
	struct vmt_rec_site site;

	if (!text->options->counted || !vmt_view_site(text->view, row->site, &site))
		return live;
	return vmt_view_live_at_peak(text->view, &site, live);
}

static void put_pseudo(struct vmt_report *text, uint32_t index, const char *words)
{
	struct vmt_report_row row;
	uint64_t live;

	if (!vmt_report_site_row(text, index, &row))
		return;
	live = counted_of(text, &row);
	if (!live && !vmt_view_net(&row.counters))
		return;
	if (vmt_view_net(&row.counters)) {
		put_numbers(text, live, vmt_view_net(&row.counters));
	} else {
		vmt_fmt_num(&text->fmt, live, text->live_width);
		vmt_fmt_left(&text->fmt, "", text->net_width);
		put_share(text, live);
		vmt_fmt_str(&text->fmt, "  ");
	}
	vmt_fmt_str(&text->fmt, words);
	vmt_fmt_end(&text->fmt);
}

/* The changes came from calls made at the same time, or were unseen. */
static const char *words_of_unseen(const struct vmt_view *view)
{
	if (!vmt_view_concurrent(view))
		return "changed unseen, by calls that were not recorded";
	return view->header.unseen ? "changed unseen, or by concurrent calls" :
				     "changed by concurrent calls; which one is not known";
}

/*
 * Count the sites worth a row and the maps (live, or at the peak) of those that hold any, and set
 * the widths of the columns.
 */
static uint64_t measure(struct vmt_report *text)
{
	uint64_t count = vmt_view_count(text->view, VMT_SECTION_SITES);
	uint64_t greatest = 0;
	uint64_t live = 0;
	uint64_t most =
		text->options->total > text->maps_now ? text->options->total : text->maps_now;
	struct vmt_report_row row;

	text->sites_shown = 0;
	for (uint64_t i = VMT_SITE_STARTUP; i < count; i++) {
		if (!vmt_report_site_row(text, i, &row))
			continue;
		text->sites_shown += i >= VMT_SITE_FIRST;
		if (i >= VMT_SITE_FIRST)
			live += text->options->counted ? counted_of(text, &row) : row.live;
		if (vmt_report_magnitude(vmt_view_net(&row.counters)) > greatest)
			greatest = vmt_report_magnitude(vmt_view_net(&row.counters));
	}
	for (uint64_t i = 0; text->ops->rows && i < text->ops->row_count; i++) {
		if (vmt_report_magnitude(vmt_view_net(&text->ops->rows[i].counters)) > greatest)
			greatest = vmt_report_magnitude(vmt_view_net(&text->ops->rows[i].counters));
	}
	text->live_width = vmt_report_width(most) + 2 < 6 ? 6 : vmt_report_width(most) + 2;
	text->net_width = vmt_report_width(greatest) + 3 < 5 ? 5 : vmt_report_width(greatest) + 3;
	return live;
}

/* ", which hold 10 maps" */
static void put_held(struct vmt_report *text, bool is_one, uint64_t live)
{
	if (text->options->counted)
		vmt_fmt_str(&text->fmt, ", which held ");
	else
		vmt_fmt_str(&text->fmt, is_one ? ", which holds " : ", which hold ");
	if (live)
		vmt_fmt_count(&text->fmt, live, "map");
	else
		vmt_fmt_str(&text->fmt, "no maps");
	if (text->options->counted)
		vmt_fmt_str(&text->fmt, " at the peak");
}

static void put_rest(struct vmt_report *text, uint64_t rows, uint64_t live)
{
	if (!rows)
		return;
	vmt_fmt_left(&text->fmt, "", text->live_width + text->net_width + 8);
	vmt_fmt_str(&text->fmt, "and ");
	vmt_fmt_num(&text->fmt, rows, 0);
	vmt_fmt_str(&text->fmt, " more ");
	vmt_fmt_str(&text->fmt, text->options->unit ? text->options->unit : "call site");
	vmt_fmt_str(&text->fmt, rows == 1 ? "" : "s");
	put_held(text, rows == 1, live);
	vmt_fmt_str(&text->fmt, text->ops->resolve ? " (--top=N)" : " (top=N)");
	vmt_fmt_wrap(&text->fmt, text->live_width + text->net_width + 10);
}

/* What the filters leave out has its maps, too, so that the column adds up. */
static void put_filtered(struct vmt_report *text, uint64_t live)
{
	if (!text->options->is_filtered || !live)
		return;
	vmt_fmt_left(&text->fmt, "", text->live_width + text->net_width + 8);
	vmt_fmt_str(&text->fmt, "and call sites that the filter leaves out");
	put_held(text, false, live);
	vmt_fmt_wrap(&text->fmt, text->live_width + text->net_width + 10);
}

static void put_heading(struct vmt_report *text)
{
	vmt_fmt_left(&text->fmt, "", text->live_width - 4);
	vmt_fmt_str(&text->fmt, text->options->counted ? text->options->counted : "live");
	vmt_fmt_left(&text->fmt, "", text->net_width - 3);
	vmt_fmt_str(&text->fmt, "net share  call            ");
	vmt_fmt_str(&text->fmt, text->options->where ? text->options->where : "where");
	vmt_fmt_end(&text->fmt);
}

static void put_below(struct vmt_report *text, const struct vmt_report_row *row)
{
	if (!is_trivial(&row->counters)) {
		vmt_fmt_str(&text->fmt, "    ");
		put_effects(&text->fmt, &row->counters);
		vmt_fmt_wrap(&text->fmt, 6);
	}
	vmt_report_site_growth(text, row, exact_live(text, row));
	put_stack(text, row, true);
}

static void put_table(struct vmt_report *text, uint64_t live, bool with_stacks)
{
	struct vmt_report_row rows[2];
	struct vmt_report_row *last = NULL;
	uint64_t all = vmt_report_row_count(text);
	uint64_t n = 0, rest = 0;

	put_heading(text);
	for (; n < text->top && vmt_report_row(text, n, last, &rows[n & 1]); n++) {
		last = &rows[n & 1];
		live -= last->live < live ? last->live : live;
		put_row(text, last);
		if (with_stacks)
			put_below(text, last);
	}
	put_pseudo(text, VMT_SITE_STARTUP, "present at start-up");
	put_pseudo(text, VMT_SITE_UNSEEN, words_of_unseen(text->view));
	for (uint64_t i = n; text->ops->rows && i < all; i++)
		rest += text->ops->rows[i].live;
	rest = text->ops->rows && rest < live ? rest : live;
	put_rest(text, n < all ? all - n : 0, rest);
	put_filtered(text, live - rest);
}

static void put_details(struct vmt_report *text)
{
	struct vmt_report_row rows[2], site;
	struct vmt_report_row *last = NULL;

	for (uint64_t n = 0; n < text->top && vmt_report_row(text, n, last, &rows[n & 1]); n++) {
		last = &rows[n & 1];
		if (text->ops->rows && n == text->ops->stack_count)
			return;
		if (vmt_report_site_row(text, last->site, &site))
			put_detail(text, &site, last);
	}
}

static void put_lines(struct vmt_report *text)
{
	for (size_t i = text->ops->lead_count; i < text->ops->line_count; i++) {
		vmt_fmt_str(&text->fmt, text->ops->lines[i]);
		vmt_fmt_end(&text->fmt);
	}
	if (text->ops->line_count > text->ops->lead_count)
		vmt_fmt_end(&text->fmt);
}

void vmt_report_site_places(struct vmt_report *text)
{
	uint64_t count = text->ops->rows ? text->ops->row_count : 0;

	measure(text);
	for (uint64_t n = 0; n < count && n < text->top; n++) {
		vmt_fmt_left(&text->fmt, "", text->live_width + text->net_width + 24);
		put_where(text, &text->ops->rows[n]);
		text->ops->emit(text->ops->context, "", 1);
	}
}

void vmt_report_sites(struct vmt_report *text)
{
	uint64_t live = measure(text);
	bool is_handful = text->sites_shown <= VMT_REPORT_HANDFUL && !text->ops->rows;

	/* A few sites have their stacks in the table. */
	if (is_handful)
		put_lines(text);
	put_table(text, live, is_handful);
	vmt_fmt_end(&text->fmt);
	if (!is_handful)
		put_lines(text);
	if (is_handful || (text->ops->rows && !text->ops->stack_count))
		return;
	put_details(text);
	vmt_fmt_end(&text->fmt);
}
