/* SPDX-License-Identifier: MIT */
/*
 * Which call sites the text report shows, and in which order. If a program hardly grew and has a
 * handful of sites, these are shown in the order in which they came; otherwise the sites with most
 * maps come first. The next greatest is found by scanning all again, which needs no memory; a
 * caller that has memory passes its own choice. Pure like the rest (report.h).
 */
#include "core/report/report_parts.h"

#define FEW_MAPS 4u /* more maps than this are growth, and the site that made most comes first */

bool vmt_report_is_by_time(const struct vmt_view *view, uint64_t now, uint64_t sites)
{
	return sites <= VMT_REPORT_HANDFUL &&
	       (now < view->header.maps_start || now - view->header.maps_start < FEW_MAPS);
}

static bool has_effect(const struct vmt_rec_counters *counters)
{
	return counters->created || counters->split || counters->merged || counters->removed;
}

/* The recorded count is good enough for choosing and ordering; what is printed is counted. */
static uint64_t quick_live(const struct vmt_report *text, uint64_t index, uint64_t recorded)
{
	return text->ops->totals ? text->ops->totals[index].live : recorded;
}

bool vmt_report_site_row(const struct vmt_report *text, uint64_t index,
			 struct vmt_report_row *ret_row)
{
	struct vmt_rec_site site;

	if (!vmt_view_site(text->view, index, &site))
		return false;
	*ret_row = (struct vmt_report_row){
		.site = index,
		.sites = 1,
		.live = quick_live(text, index, site.live),
		.counters = site.counters,
		.call = site.call,
	};
	ret_row->part = ret_row->live;
	return ret_row->live || has_effect(&site.counters);
}

/* Does a come before b in the table? */
static bool is_before(const struct vmt_report_row *a, const struct vmt_report_row *b, bool by_index)
{
	uint64_t one = vmt_report_magnitude(vmt_view_net(&a->counters));
	uint64_t two = vmt_report_magnitude(vmt_view_net(&b->counters));

	if (!by_index && a->live != b->live)
		return a->live > b->live;
	if (!by_index && one != two)
		return one > two;
	return a->site < b->site;
}

/* Find the first row after `last`. */
static bool scan(const struct vmt_report *text, const struct vmt_report_row *last,
		 struct vmt_report_row *ret)
{
	uint64_t count = vmt_view_count(text->view, VMT_SECTION_SITES);
	bool by_index = vmt_report_is_by_time(text->view, text->maps_now, text->sites_shown);
	struct vmt_report_row row;
	bool found = false;

	for (uint64_t i = VMT_SITE_FIRST; i < count; i++) {
		if (!vmt_report_site_row(text, i, &row) ||
		    (last && !is_before(last, &row, by_index)) ||
		    (found && !is_before(&row, ret, by_index)))
			continue;
		*ret = row;
		found = true;
	}
	return found;
}

uint64_t vmt_report_row_count(const struct vmt_report *text)
{
	return text->ops->rows ? text->ops->row_count : text->sites_shown;
}

bool vmt_report_row(const struct vmt_report *text, uint64_t n, const struct vmt_report_row *last,
		    struct vmt_report_row *ret_row)
{
	if (!text->ops->rows)
		return scan(text, last, ret_row);
	if (n >= text->ops->row_count)
		return false;
	*ret_row = text->ops->rows[n];
	return true;
}
