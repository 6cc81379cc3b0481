/* SPDX-License-Identifier: MIT */
/*
 * Selects, groups and sorts the call sites of a recording: see rows.h. The core prints the rows;
 * nothing is printed here.
 */
#include "rows/cut_pairs.h"
#include "rows/rowkey.h"
#include "rows/rows.h"
#include "naming/names.h"
#include "util/must.h"

#define HASH_NONFATAL_OOM 1
#include <uthash.h>

#include <fnmatch.h>

/* The call sites with the same key, and their sums. */
struct group {
	char *key;
	struct vmt_report_row row;
	struct vmt_report_row stands; /* the site that represents the group */
	uint64_t most; /* that site's part of the value the rows are sorted by */
	uint64_t most_peak; /* that site's maps at the peak */
	uint64_t peak;
	int leak; /* leak_of() that site; known if there are several */
	UT_hash_handle hh;
};

struct maker {
	const struct vmt_view *view;
	const struct vmt_view_totals *totals;
	struct vmt_symbols *symbols;
	const struct vmt_rows_options *options;
	struct vmt_cut_pairs cuts;
	struct vmt_rows *rows;
	struct group *groups;
	size_t site_count;
};

static bool word_index(const char *text, const char *const *words, size_t count, unsigned *ret)
{
	for (unsigned i = 0; i < count; i++) {
		if (words[i] && !strcmp(text, words[i])) {
			*ret = i;
			return true;
		}
	}
	return false;
}

bool vmt_rows_by(const char *text, enum vmt_rows_by *ret_by)
{
	static const char *const words[] = { "line", "site", "function", "module", "call" };
	unsigned found;

	if (!word_index(text, words, VMT_COUNT(words), &found))
		return false;
	*ret_by = (enum vmt_rows_by)found;
	return true;
}

bool vmt_rows_sort(const char *text, enum vmt_rows_sort *ret_sort)
{
	static const char *const words[] = { NULL,    "live",    "net",  "peak",
					     "calls", "created", "split" };
	unsigned found;

	if (!word_index(text, words, VMT_COUNT(words), &found))
		return false;
	*ret_sort = (enum vmt_rows_sort)found;
	return true;
}

static bool fits(const char *pattern, const char *text)
{
	if (strpbrk(pattern, "*?["))
		return !fnmatch(pattern, text, 0);
	return strstr(text, pattern) != NULL;
}

static bool has_function_named(const struct maker *maker, const struct vmt_rec_site *site,
			       uint64_t index)
{
	const struct vmt_names names = { maker->symbols, maker->view, false };
	struct vmt_report_spot spot = { index, 0 };
	struct vmt_symbol symbol;

	for (; vmt_names_find_spot(&names, site, spot, &symbol); spot.level++) {
		if (symbol.function && fits(maker->options->function, symbol.function))
			return true;
	}
	return false;
}

static void frame_fits(const struct maker *maker, const struct vmt_rec_site *site, uint64_t index,
		       bool *has_module, bool *has_function)
{
	const struct vmt_rows_options *options = maker->options;

	if (!*has_module) {
		char *name = vmt_rowkey_module(maker->view, index);

		*has_module = fits(options->module, name);
		free(name);
	}
	if (!*has_function)
		*has_function = has_function_named(maker, site, index);
}

static bool site_fits(const struct maker *maker, const struct vmt_rec_site *site)
{
	const struct vmt_rows_options *options = maker->options;
	uint32_t count = vmt_view_frame_count(maker->view, site);
	bool has_module = !options->module;
	bool has_function = !options->function;

	if (options->call && strcmp(options->call, vmt_calls_name(site->call)))
		return false;
	for (uint32_t i = 0; i < count && !(has_module && has_function); i++)
		frame_fits(maker, site, (uint64_t)site->frame_first + i, &has_module,
			   &has_function);
	return has_module && has_function;
}

char *vmt_rows_keep(struct vmt_rows *rows, char *text)
{
	rows->texts = vmt_must_grow(rows->texts, rows->text_count, sizeof(*rows->texts));
	rows->texts[rows->text_count++] = text;
	return text;
}

/* The value that rows are sorted by, and that decides which site represents a row. */
static uint64_t sorted_by(const struct group *group, enum vmt_rows_sort sort)
{
	const struct vmt_rec_counters *counters = &group->row.counters;

	switch (sort) {
	case VMT_ROWS_NET: return vmt_report_magnitude(vmt_view_net(counters));
	case VMT_ROWS_PEAK: return group->peak;
	case VMT_ROWS_CALLS: return counters->calls;
	case VMT_ROWS_CREATED: return counters->created;
	case VMT_ROWS_SPLIT: return counters->split;
	default: return group->row.live;
	}
}

/* 1: the site's maps leak; -1: they do something else; 0: neither is known. site: the row of one site. */
static int leak_of(const struct maker *maker, const struct vmt_report_row *site)
{
	struct vmt_curve curve;

	if (maker->options->by != VMT_ROWS_BY_LINE || maker->options->cut ||
	    maker->options->sort > VMT_ROWS_LIVE || site->live < VMT_TREND_SMALL ||
	    !vmt_report_site_trend(maker->view, site->site, site->live, maker->options->now,
				   &curve))
		return 0;
	switch (curve.trend) {
	case VMT_TREND_LEAK: return 1;
	case VMT_TREND_BURST:
	case VMT_TREND_BURSTS:
	case VMT_TREND_SAWTOOTH:
	case VMT_TREND_PLATEAU: return -1;
	default: return 0;
	}
}

/*
 * Where only a small part of a line's maps leaks, its stack is the one to be seen. If two sites hold the same
 * number of maps, the one that did more is chosen.
 */
static bool is_more(const struct group *site, const struct group *group)
{
	int64_t net = vmt_view_net(&site->stands.counters);
	int64_t other = vmt_view_net(&group->stands.counters);

	if (site->leak * group->leak < 0)
		return site->leak > 0;
	if (site->most != group->most)
		return site->most > group->most;
	if (site->most_peak != group->most_peak)
		return site->most_peak > group->most_peak;
	return vmt_report_magnitude(net) > vmt_report_magnitude(other);
}

static void add_to_group(struct maker *maker, struct group *site,
			 const struct vmt_rec_site *recorded)
{
	char *label;
	char *key = vmt_rowkey_of(maker->view, maker->symbols, maker->options->by, site->row.site,
				  recorded, &label);
	struct group *group = NULL;

	if (label)
		vmt_rows_keep(maker->rows, label);
	HASH_FIND_STR(maker->groups, key, group);
	if (!group) {
		group = vmt_must_alloc(1, sizeof(*group));
		*group = *site;
		group->key = vmt_rows_keep(maker->rows, key);
		group->row.label = label;
		HASH_ADD_KEYPTR(hh, maker->groups, group->key, strlen(group->key), group);
		return;
	}
	free(key);
	/* Most lines have one site, which needs no judgement. */
	site->leak = leak_of(maker, &site->stands);
	if (group->row.sites == 1)
		group->leak = leak_of(maker, &group->stands);
	group->row.sites++;
	group->row.live += site->row.live;
	group->peak += site->peak;
	vmt_view_add(&group->row.counters, &site->row.counters);
	if (group->row.call != site->row.call)
		group->row.call = VMT_CALL_NONE;
	if (is_more(site, group)) {
		group->most = site->most;
		group->most_peak = site->most_peak;
		group->stands = site->stands;
		group->leak = site->leak;
		group->row.site = site->row.site;
		group->row.part = site->row.part;
	}
}

static void read_site(struct maker *maker, uint64_t index)
{
	struct vmt_rec_counters *counters;
	struct vmt_rec_site site;
	struct group group = { .key = NULL };
	uint64_t live = maker->totals[index].live;

	if (!vmt_view_site(maker->view, index, &site) || !site_fits(maker, &site))
		return;
	counters = &site.counters;
	if (maker->options->cut)
		live = vmt_cut_pairs_mapped(&maker->cuts, index);
	group.row = (struct vmt_report_row){
		.site = index,
		.first = index,
		.sites = 1,
		.live = live,
		.counters = *counters,
		.call = site.call,
	};
	group.peak = vmt_view_live_at_peak(maker->view, &site, maker->totals[index].live);
	group.row.part = maker->options->sort == VMT_ROWS_PEAK ? group.peak : live;
	group.most = sorted_by(&group, maker->options->sort);
	group.most_peak = group.peak;
	group.stands = group.row;
	if (!live && !group.peak && !counters->created && !counters->split && !counters->merged &&
	    !counters->removed)
		return;
	maker->site_count++;
	add_to_group(maker, &group, &site);
}

static int compare_rows(uint64_t one, uint64_t two)
{
	return (one < two) - (one > two);
}

static int by_sort(const void *a, const void *b, void *context)
{
	const struct group *one = a;
	const struct group *two = b;
	const struct vmt_rec_counters *c1 = &one->row.counters;
	const struct vmt_rec_counters *c2 = &two->row.counters;
	const enum vmt_rows_sort sort = *(const enum vmt_rows_sort *)context;
	int order;

	if (sort == VMT_ROWS_DEFAULT)
		return -compare_rows(one->row.site, two->row.site);
	order = compare_rows(sorted_by(one, sort), sorted_by(two, sort));
	if (!order)
		order = compare_rows(one->row.live, two->row.live);
	if (!order)
		order = compare_rows(vmt_report_magnitude(vmt_view_net(c1)),
				     vmt_report_magnitude(vmt_view_net(c2)));
	return order ? order : -compare_rows(one->row.site, two->row.site);
}

static void finish_row(struct maker *maker, struct vmt_report_row *row, const struct group *group)
{
	char *below;

	*row = group->row;
	if (maker->options->by == VMT_ROWS_BY_CALL)
		row->label =
			vmt_rows_keep(maker->rows, vmt_must_format("%llu call site%s",
								   (unsigned long long)row->sites,
								   row->sites == 1 ? "" : "s"));
	if (maker->options->sort == VMT_ROWS_PEAK)
		row->live = group->peak;
	below = vmt_cut_pairs_describe(&maker->cuts, group->row.site, maker->options->cut,
				       maker->symbols);
	if (below)
		row->below = vmt_rows_keep(maker->rows, below);
}

static void take_groups(struct maker *maker, enum vmt_rows_sort sort)
{
	struct vmt_rows *rows = maker->rows;
	size_t count = HASH_COUNT(maker->groups);
	struct group *all = vmt_must_alloc(count, sizeof(*all));
	struct group *group;
	struct group *next;
	size_t n = 0;

	HASH_ITER(hh, maker->groups, group, next)
	{
		HASH_DEL(maker->groups, group);
		all[n++] = *group;
		free(group);
	}
	qsort_r(all, count, sizeof(*all), by_sort, &sort);
	rows->item = vmt_must_alloc(count, sizeof(*rows->item));
	for (rows->count = 0; rows->count < count; rows->count++)
		finish_row(maker, &rows->item[rows->count], &all[rows->count]);
	free(all);
}

void vmt_rows_make(struct vmt_rows *ret_rows, const struct vmt_view *view,
		   const struct vmt_view_totals *totals, struct vmt_symbols *symbols,
		   const struct vmt_rows_options *options)
{
	uint64_t count = vmt_view_count(view, VMT_SECTION_SITES);
	struct maker maker = { .view = view,
			       .totals = totals,
			       .symbols = symbols,
			       .options = options,
			       .rows = ret_rows };
	enum vmt_rows_sort sort = options->sort;

	*ret_rows = (struct vmt_rows){ NULL, 0, NULL, 0 };
	vmt_cut_pairs_read(&maker.cuts, view);
	for (uint64_t i = VMT_SITE_FIRST; i < count; i++)
		read_site(&maker, i);
	if (sort == VMT_ROWS_DEFAULT &&
	    !vmt_report_is_by_time(view, vmt_view_maps_now(view), maker.site_count))
		sort = VMT_ROWS_LIVE;
	take_groups(&maker, sort);
	vmt_cut_pairs_free(&maker.cuts);
}

void vmt_rows_free(struct vmt_rows *rows)
{
	for (size_t i = 0; i < rows->text_count; i++)
		free(rows->texts[i]);
	free(rows->texts);
	free(rows->item);
}
