/* SPDX-License-Identifier: MIT */
/*
 * The table of call sites in the text report. Few sites are shown in the order in which
 * they came, many by the maps they hold. The greatest ones are found by scanning
 * again for each row, which needs no memory; pure like the rest (text.h).
 */
#include "text_parts.h"

#define FEW_SITES 10u

struct row {
	uint64_t index;
	uint64_t live;
	int64_t net;
	struct vmt_rec_site site;
};

/* For choosing and ordering; what is printed is counted from the ranges. */
static uint64_t quick_live(const struct vmt_text *text, const struct row *row)
{
	return text->ops->tally ? text->ops->tally[row->index].live : row->site.live;
}

static bool has_effect(const struct vmt_rec_counters *counters)
{
	return counters->created || counters->split || counters->merged || counters->removed;
}

static bool read_row(const struct vmt_text *text, uint64_t index, struct row *ret)
{
	if (!vmt_view_site(text->view, index, &ret->site))
		return false;
	ret->index = index;
	ret->live = quick_live(text, ret);
	ret->net = vmt_view_net(&ret->site.counters);
	return ret->live || has_effect(&ret->site.counters);
}

static uint64_t magnitude(int64_t value)
{
	return value < 0 ? -(uint64_t)value : (uint64_t)value;
}

/* Whether a comes before b in the table. */
static bool is_before(const struct row *a, const struct row *b, bool by_index)
{
	if (!by_index && a->live != b->live)
		return a->live > b->live;
	if (!by_index && magnitude(a->net) != magnitude(b->net))
		return magnitude(a->net) > magnitude(b->net);
	return a->index < b->index;
}

/* The first row after `last` in order; last may be NULL. */
static bool next_row(const struct vmt_text *text, const struct row *last, bool by_index,
		     struct row *ret)
{
	uint64_t count = vmt_view_count(text->view, VMT_SECTION_SITES);
	struct row row;
	bool found = false;

	for (uint64_t i = VMT_SITE_FIRST; i < count; i++) {
		if (!read_row(text, i, &row) || (last && !is_before(last, &row, by_index)) ||
		    (found && !is_before(&row, ret, by_index)))
			continue;
		*ret = row;
		found = true;
	}
	return found;
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

	vmt_fmt_str(fmt, "                      ");
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
	vmt_fmt_wrap(fmt, 24);
}

/* Shares below a percent are left out, like those of a map or two. */
static void put_share(struct vmt_text *text, uint64_t live)
{
	uint64_t now = text->maps_now;
	uint64_t percent = now && live <= now ? (live / now) * 100 + live % now * 100 / now : 0;

	if (!percent || now > UINT64_MAX / 100) {
		vmt_fmt_str(&text->fmt, "      ");
		return;
	}
	vmt_fmt_num(&text->fmt, percent, 4);
	vmt_fmt_str(&text->fmt, " %");
}

static void put_site(struct vmt_text *text, struct row *row)
{
	struct vmt_fmt *fmt = &text->fmt;
	uint64_t live = row->live;

	if (!text->ops->tally)
		live = vmt_view_tally_site(text->view, row->index).live;
	vmt_fmt_num(fmt, live, 8);
	vmt_fmt_signed(fmt, row->net, 9);
	put_share(text, live);
	vmt_fmt_str(fmt, "  ");
	vmt_fmt_left(fmt, vmt_call_name(row->site.call), 9);
	vmt_fmt_str(fmt, " ");
	vmt_text_headline(text, &row->site);
	vmt_fmt_end(fmt);
	put_effects(fmt, &row->site.counters);
	vmt_text_stack(text, &row->site);
}

static void put_pseudo(struct vmt_text *text, uint32_t index, const char *words)
{
	struct row row;
	uint64_t live;

	if (!read_row(text, index, &row))
		return;
	live = text->ops->tally ? row.live : vmt_view_tally_site(text->view, index).live;
	if (!live && !row.net)
		return;
	vmt_fmt_num(&text->fmt, live, 8);
	if (row.net)
		vmt_fmt_signed(&text->fmt, row.net, 9);
	else
		vmt_fmt_str(&text->fmt, "         ");
	put_share(text, live);
	vmt_fmt_str(&text->fmt, "  ");
	vmt_fmt_str(&text->fmt, words);
	vmt_fmt_end(&text->fmt);
}

/* Sites worth a row, and the live maps of those that hold some. */
static uint64_t count_rows(const struct vmt_text *text, uint64_t *ret_live)
{
	uint64_t count = vmt_view_count(text->view, VMT_SECTION_SITES);
	struct row row;
	uint64_t n = 0;

	*ret_live = 0;
	for (uint64_t i = VMT_SITE_FIRST; i < count; i++) {
		if (!read_row(text, i, &row))
			continue;
		n++;
		*ret_live += row.live;
	}
	return n;
}

static void put_rest(struct vmt_text *text, uint64_t rows, uint64_t live)
{
	if (!rows)
		return;
	vmt_fmt_str(&text->fmt, "  and ");
	vmt_fmt_count(&text->fmt, rows, "more call site");
	if (live) {
		vmt_fmt_str(&text->fmt, rows == 1 ? ", which holds " : ", which hold ");
		vmt_fmt_count(&text->fmt, live, "map");
	} else {
		vmt_fmt_str(&text->fmt, ", holding no maps");
	}
	vmt_fmt_str(&text->fmt, text->ops->resolve ? " (--top=N shows more)" :
						    " (the option top=N shows more)");
	vmt_fmt_wrap(&text->fmt, 4);
}

void vmt_text_sites(struct vmt_text *text)
{
	struct row rows[2];
	struct row *last = NULL;
	uint64_t live;
	uint64_t shown = 0;
	bool by_index;

	text->sites_shown = count_rows(text, &live);
	by_index = text->sites_shown <= FEW_SITES;
	vmt_fmt_str(&text->fmt, "    live      net share  call      where");
	vmt_fmt_end(&text->fmt);
	while (shown < text->top && next_row(text, last, by_index, &rows[shown & 1])) {
		last = &rows[shown++ & 1];
		live -= last->live;
		put_site(text, last);
	}
	put_pseudo(text, VMT_SITE_STARTUP, "there at start-up");
	put_pseudo(text, VMT_SITE_UNSEEN, "changed unseen, by no call that was recorded");
	put_rest(text, text->sites_shown - (shown < text->sites_shown ? shown : text->sites_shown),
		 live);
	vmt_fmt_end(&text->fmt);
}
