/* SPDX-License-Identifier: MIT */
/*
 * Reads the state of a running process at one moment. The recording is mapped anew each time, since
 * it grows, and since a directory may contain more recordings than before. See top.h.
 */
#include "core/report/report.h"
#include "input/liveness.h"
#include "naming/place.h"
#include "picture/picture.h"
#include "top/top.h"
#include "util/message.h"
#include "util/must.h"

#include <errno.h>

static char *address_of(const struct vmt_view *view, uint64_t frame)
{
	struct vmt_rec_module module;
	struct vmt_rec_frame recorded;
	struct vmt_view_string path = { "unknown module", 14 };

	if (frame == UINT64_MAX || !vmt_view_frame(view, frame, &recorded))
		return vmt_must_copy("stack unknown");
	if (vmt_view_module(view, recorded.module, &module))
		path = vmt_view_string(view, module.path);
	path = vmt_report_base_name(path);
	return vmt_must_format("(%.*s+0x%llx)", (int)path.length, path.bytes,
			       (unsigned long long)recorded.offset);
}

char *vmt_top_frame(const struct vmt_view *view, const struct vmt_rec_site *site,
		    struct vmt_report_spot spot, struct vmt_symbols *symbols)
{
	const struct vmt_names names = { symbols, view, false };
	struct vmt_place place = { .spot = spot };

	if (spot.level && !vmt_names_find_spot(&names, site, spot, &place.symbol))
		return NULL;
	if (spot.level || vmt_names_find_spot(&names, site, spot, &place.symbol))
		return vmt_place_text(&place, place.symbol.short_file);
	return address_of(view, spot.frame);
}

/* A row has room only for the file's name; its directory is in the stack. */
static char *place_of(const struct vmt_view *view, const struct vmt_report_row *row,
		      struct vmt_symbols *symbols)
{
	struct vmt_rec_site site;
	struct vmt_place place;
	const char *base;
	char *text;

	if (row->label)
		return vmt_must_copy(row->label);
	if (!vmt_view_site(view, row->site, &site) || !vmt_place_find(symbols, view, &site, &place))
		return vmt_must_copy("stack unknown");
	base = place.symbol.file ? strrchr(place.symbol.file, '/') : NULL;
	text = vmt_place_text_short(&place, base ? base + 1 : place.symbol.file);
	return text ? text : address_of(view, place.spot.frame);
}

/* Rows may read alike: two lambdas of one function have one name. */
static const struct vmt_top_row *find_before(const struct vmt_top *before, uint64_t first)
{
	for (size_t i = 0; i < before->count; i++) {
		if (before->item[i].row.first == first)
			return &before->item[i];
	}
	return NULL;
}

static int64_t per_second(int64_t change, uint64_t ns)
{
	return ns ? (int64_t)((double)change * 1e9 / (double)ns) : 0;
}

static void set_rates(struct vmt_top *top, const struct vmt_top *before)
{
	uint64_t ns = top->time - before->time;

	if (before->pid != top->pid || before->image != top->image)
		return;
	top->has_rate = true;
	top->rate = per_second((int64_t)(top->maps - before->maps), ns);
	for (size_t i = 0; i < top->count; i++) {
		struct vmt_top_row *row = &top->item[i];
		const struct vmt_top_row *old = find_before(before, row->row.first);
		uint64_t live = old ? old->row.live : 0;
		uint64_t calls = old ? old->row.counters.calls : 0;

		/* Sorted by peak, a row has the maps at the peak instead. */
		if ((top->sort == VMT_ROWS_PEAK) == (before->sort == VMT_ROWS_PEAK))
			row->rate = per_second((int64_t)(row->row.live - live), ns);
		row->call_rate =
			(uint64_t)per_second((int64_t)(row->row.counters.calls - calls), ns);
	}
}

static void read_rows(struct vmt_top *top, struct vmt_symbols *symbols)
{
	const struct vmt_rows_options options = { .sort = top->sort };
	const struct vmt_view *view = vmt_top_view(top);
	uint64_t sites = vmt_view_count(view, VMT_SECTION_SITES);
	struct vmt_view_totals *totals = vmt_must_alloc(sites + 2, sizeof(*totals));
	struct vmt_rows rows;

	vmt_view_totals(view, totals, sites);
	vmt_rows_make(&rows, view, totals, symbols, &options);
	top->item = vmt_must_alloc(rows.count, sizeof(*top->item));
	for (top->count = 0; top->count < rows.count; top->count++) {
		struct vmt_top_row *row = &top->item[top->count];

		row->row = rows.item[top->count];
		row->row.label = row->row.below = NULL;
		row->where = place_of(view, &rows.item[top->count], symbols);
	}
	vmt_rows_free(&rows);
	free(totals);
}

/* The process that was asked for, or that with the most maps. Returns false after a message. */
static bool choose(const struct vmt_recordings *recordings, uint32_t pid, size_t *ret_chosen)
{
	uint64_t most = 0;
	size_t chosen = pid ? recordings->count : 0;

	for (size_t i = 0; i < recordings->count; i++) {
		const struct vmt_view *view = &recordings->item[i].view;
		uint64_t maps = vmt_view_maps_now(view) +
				(vmt_liveness_is_gone(view) ? 0 : UINT64_C(1) << 62);

		if (pid ? view->header.pid == pid : maps > most) {
			most = maps;
			chosen = i;
		}
	}
	*ret_chosen = chosen;
	if (chosen == recordings->count)
		vmt_message("there is no recording of process %u; leave out --pid to watch the one "
			    "with the most maps.",
			    pid);
	return chosen < recordings->count;
}

static bool has_lost_process(const struct vmt_top *top)
{
	const struct vmt_view *view = vmt_top_view(top);

	return view->header.end == VMT_END_RUNNING && vmt_liveness_is_gone(view);
}

/* Load what is named, and choose what is shown. Returns 0 or -errno. */
static int load(struct vmt_top *top, struct vmt_live *live, uint32_t pid)
{
	int ret = vmt_live_look(&top->recordings, live);

	if (!top->recordings.count)
		return ret ? ret : -ENOENT;
	if (!choose(&top->recordings, pid, &top->chosen))
		return -ESRCH;
	return 0;
}

int vmt_top_read(struct vmt_top *ret_top, struct vmt_live *live, uint32_t pid,
		 enum vmt_rows_sort sort, uint32_t bars, struct vmt_symbols *symbols,
		 const struct vmt_top *before)
{
	struct vmt_top *top = ret_top;
	int ret;

	*top = (struct vmt_top){ .sort = sort };
	ret = load(top, live, pid);
	if (!ret && has_lost_process(top)) {
		/* It may have ended since it was read: what is read now is all that it wrote. */
		vmt_load_free(&top->recordings);
		ret = load(top, live, pid);
	}
	if (ret)
		return ret;
	top->pid = vmt_top_view(top)->header.pid;
	top->image = vmt_top_view(top)->header.image;
	top->time = vmt_liveness_now(CLOCK_MONOTONIC);
	top->maps = vmt_view_maps_now(vmt_top_view(top));
	top->is_gone = vmt_top_view(top)->header.end != VMT_END_RUNNING ||
		       vmt_liveness_is_gone(vmt_top_view(top));
	top->duration = vmt_report_duration(vmt_top_view(top), top->is_gone ? 0 : top->time);
	read_rows(top, symbols);
	top->bar_count = vmt_picture_timeline(vmt_top_view(top), top->time, top->bar,
					      bars < VMT_TOP_BARS ? bars : VMT_TOP_BARS);
	if (before)
		set_rates(top, before);
	return 0;
}

void vmt_top_free(struct vmt_top *top)
{
	for (size_t i = 0; i < top->count; i++)
		free(top->item[i].where);
	free(top->item);
	vmt_load_free(&top->recordings);
	*top = (struct vmt_top){ .count = 0 };
}
