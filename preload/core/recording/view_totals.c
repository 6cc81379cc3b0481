/* SPDX-License-Identifier: MIT */
/*
 * What follows from all records together: the live maps and bytes of each site, counted from the
 * ranges so that sums cannot disagree, and whether the table is exact. Part of the view (view.h),
 * whose rules hold here too.
 */
#include "core/recording/view.h"

/* Find the next range that counts: in use, readable, and not the library's own. */
static bool next_range(const struct vmt_view *view, uint64_t *index, struct vmt_rec_range *ret)
{
	uint64_t count = vmt_view_count(view, VMT_SECTION_RANGES);

	while (*index < count) {
		if (vmt_view_range(view, (*index)++, ret) && !(ret->flags & VMT_MAP_OWN))
			return true;
	}
	return false;
}

/*
 * A range whose site cannot be read is attributed to the unseen site, so that sums stay complete.
 */
static uint64_t owner(uint32_t site, uint64_t sites)
{
	return site < sites ? site : VMT_SITE_UNSEEN;
}

/* Are ranges missing because there was no room? Then the library's own counts are all there is. */
static bool is_counted_by_sites(const struct vmt_view *view)
{
	return view->header.notes & VMT_NOTE_RANGES_FULL;
}

static uint64_t published_live(const struct vmt_view *view, uint64_t index)
{
	struct vmt_rec_site site;

	return vmt_view_site(view, index, &site) && site.live < VMT_VIEW_COUNT_END ? site.live : 0;
}

void vmt_view_totals(const struct vmt_view *view, struct vmt_view_totals *totals, uint64_t count)
{
	struct vmt_rec_range range;
	uint64_t index = 0;

	for (uint64_t i = 0; i < count; i++)
		totals[i] = (struct vmt_view_totals){ 0, 0 };
	if (count <= VMT_SITE_UNSEEN)
		return;
	while (next_range(view, &index, &range)) {
		totals[owner(range.put_by, count)].live++;
		totals[owner(range.mapped_by, count)].bytes += range.end - range.start;
	}
	for (uint64_t i = 0; is_counted_by_sites(view) && i < count; i++)
		totals[i].live = published_live(view, i);
}

struct vmt_view_totals vmt_view_totals_of_site(const struct vmt_view *view, uint64_t site)
{
	uint64_t count = vmt_view_count(view, VMT_SECTION_SITES);
	struct vmt_view_totals totals = { 0, 0 };
	struct vmt_rec_range range;
	uint64_t index = 0;

	while (next_range(view, &index, &range)) {
		if (owner(range.put_by, count) == site)
			totals.live++;
		if (owner(range.mapped_by, count) == site)
			totals.bytes += range.end - range.start;
	}
	if (is_counted_by_sites(view))
		totals.live = published_live(view, site);
	return totals;
}

uint64_t vmt_view_maps_now(const struct vmt_view *view)
{
	const struct vmt_rec_header *header = &view->header;
	struct vmt_rec_range range;
	uint64_t index = 0;
	uint64_t count = 0;

	if (header->end == VMT_END_EXIT || header->end == VMT_END_EXEC ||
	    header->notes & VMT_NOTE_RANGES_FULL)
		return header->maps_now;
	while (next_range(view, &index, &range))
		count++;
	return count ? count : header->maps_now;
}

uint64_t vmt_view_live_at_peak(const struct vmt_view *view, const struct vmt_rec_site *site,
			       uint64_t live)
{
	return site->peak_epoch == view->header.peak_epoch ? site->live_at_peak : live;
}

bool vmt_view_knows_before_end(const struct vmt_view *view)
{
	const struct vmt_rec_header *header = &view->header;

	return header->maps_before_end && header->maps_before_end <= header->maps_peak &&
	       header->end == VMT_END_EXIT;
}

bool vmt_view_is_before_end(const struct vmt_view *view, uint64_t torn_down)
{
	return vmt_view_knows_before_end(view) &&
	       view->header.maps_before_end == view->header.maps_now + torn_down;
}

uint64_t vmt_view_live_before(const struct vmt_view *view, const struct vmt_rec_site *site,
			      uint64_t live, uint64_t torn_down)
{
	if (!vmt_view_is_before_end(view, torn_down))
		return vmt_view_live_at_peak(view, site, live);
	return site->flags & VMT_SITE_CHANGED ? site->before_end : live;
}

bool vmt_view_is_exact(const struct vmt_view *view)
{
	const struct vmt_rec_header *header = &view->header;

	return !view->is_torn && !vmt_view_is_damaged(view) && !header->unseen && !header->lost &&
	       !header->relearned && header->maps_now == header->maps_kernel;
}

uint64_t vmt_view_concurrent(const struct vmt_view *view)
{
	struct vmt_rec_site site;
	uint64_t sum;

	if (!vmt_view_site(view, VMT_SITE_UNSEEN, &site))
		return 0;
	sum = site.counters.created + site.counters.split + site.counters.merged +
	      site.counters.removed;
	return sum > view->header.unseen ? sum - view->header.unseen : 0;
}

void vmt_view_add(struct vmt_rec_counters *sum, const struct vmt_rec_counters *more)
{
	sum->calls += more->calls;
	sum->failed += more->failed;
	sum->created += more->created;
	sum->split += more->split;
	sum->merged += more->merged;
	sum->removed += more->removed;
}

int64_t vmt_view_net(const struct vmt_rec_counters *counters)
{
	return (int64_t)(counters->created + counters->split - counters->merged -
			 counters->removed);
}
