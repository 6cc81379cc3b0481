/* SPDX-License-Identifier: MIT */
/*
 * Prepares the timelines of a recording, the process's and each call site's, for trend.h, and says
 * how far it is to the limit. Pure like the rest (report.h).
 */
#include "core/report/report_parts.h"

#define SITE_BUCKETS 64u /* a site that changed only early has narrow buckets: use fewer */
#define MANY_CALLS   64u /* that succeed before one fails: the limit is met by their number */

static bool process_bucket(const void *context, uint64_t index, struct vmt_curve_bucket *ret)
{
	struct vmt_rec_bucket bucket;

	if (!vmt_view_bucket(context, index, &bucket))
		return false;
	*ret = (struct vmt_curve_bucket){ bucket.min, bucket.max, bucket.last, bucket.calls };
	return true;
}

uint64_t vmt_report_duration(const struct vmt_view *view, uint64_t now)
{
	const struct vmt_rec_header *header = &view->header;
	uint64_t end = header->end_monotonic ? header->end_monotonic : now;

	if (end > header->start_monotonic)
		return end - header->start_monotonic;
	return vmt_view_bucket_count(view) * header->bucket_ns;
}

/* Maps a second, near enough to be compared. */
static uint64_t rate_of(const struct vmt_curve *curve)
{
	uint64_t ms = curve->span / 1000000;

	return ms && curve->rise < UINT64_MAX / 1000000 ? curve->rise * 1000000 / ms : 0;
}

struct site_time {
	struct vmt_rec_site_time time;
	uint64_t live;
	uint32_t scale; /* log2 of how many of the site's buckets make one bucket for trend.h */
};

/* Returns the site's live maps at the end of its bucket number i. */
static uint64_t last_of(const struct site_time *site, uint32_t i)
{
	while (++i < VMT_SITE_BUCKETS) {
		if (site->time.bucket[i].max)
			return site->time.bucket[i].first;
	}
	return site->live;
}

static bool site_bucket(const void *context, uint64_t index, struct vmt_curve_bucket *ret)
{
	const struct site_time *site = context;
	uint64_t end = (index + 1) << site->scale;
	bool any = false;

	/* After a day without changes, one bucket may be as wide as thousands of the site's. */
	if (end > VMT_SITE_BUCKETS)
		end = VMT_SITE_BUCKETS;
	for (uint64_t i = index << site->scale; i < end; i++) {
		if (!site->time.bucket[i].max)
			continue;
		if (!any || site->time.bucket[i].min < ret->min)
			ret->min = site->time.bucket[i].min;
		if (!any || site->time.bucket[i].max > ret->max)
			ret->max = site->time.bucket[i].max;
		ret->last = last_of(site, (uint32_t)i);
		any = true;
	}
	return any;
}

/* Libraries that are loaded one after the other are a start-up, however steadily they come. */
static bool is_of_loader(const struct vmt_view *view, uint64_t index)
{
	struct vmt_rec_site site;
	struct vmt_rec_frame frame;
	struct vmt_rec_module module;

	return vmt_view_site(view, index, &site) && vmt_view_frame_count(view, &site) &&
	       vmt_view_frame(view, site.frame_first, &frame) &&
	       vmt_view_module(view, frame.module, &module) &&
	       vmt_report_is_loader(vmt_view_string(view, module.path));
}

/* The part of the run that a site is judged by. */
struct part {
	uint64_t duration;
	/* if not 0, it ends where the end of the process began, which gave back so many maps */
	uint64_t torn_down;
};

/* The bucket in which the part ends may have what comes then. */
static void leave_out_last(struct vmt_curve_source *source)
{
	if (source->duration >= source->width)
		source->duration = source->duration / source->width * source->width - 1;
}

static bool site_trend(const struct vmt_view *view, uint64_t index, uint64_t live, struct part part,
		       struct vmt_curve *ret_curve)
{
	struct site_time site = { .live = live };
	struct vmt_curve_source source = {
		.bucket = site_bucket,
		.context = &site,
		.now = live,
		.peak = live,
		.duration = part.duration,
	};
	bool any = false;

	if (!vmt_view_site_time(view, index, &site.time))
		return false;
	for (uint32_t i = 0; i < VMT_SITE_BUCKETS; i++) {
		if (!site.time.bucket[i].max)
			continue;
		source.start = any ? source.start : site.time.bucket[i].first;
		source.peak = site.time.bucket[i].max > source.peak ? site.time.bucket[i].max :
								      source.peak;
		any = true;
	}
	source.width = VMT_SITE_TIME_NS << site.time.shift;
	while (source.duration / source.width >= SITE_BUCKETS) {
		source.width *= 2;
		site.scale++;
	}
	source.buckets = SITE_BUCKETS;
	if (part.torn_down)
		leave_out_last(&source);
	if (!any || site.scale >= 32 || !vmt_trend_judge(&source, ret_curve))
		return false;
	if (ret_curve->trend == VMT_TREND_LEAK && source.duration < VMT_TREND_START_UP_NS &&
	    is_of_loader(view, index))
		ret_curve->trend = VMT_TREND_SHORT;
	return true;
}

/*
 * Whether call sites that leak by themselves make up half of it. In a leak the same calls are made
 * again and again; a start-up comes to new ones all the time.
 */
static bool is_of_leaking_sites(const struct vmt_view *view, struct part part,
				const struct vmt_curve *curve)
{
	uint64_t count = vmt_view_count(view, VMT_SECTION_SITES);
	uint64_t rate = 0;

	for (uint64_t i = VMT_SITE_FIRST; i < count && rate < rate_of(curve) / 2; i++) {
		struct vmt_rec_site site;
		struct vmt_curve own;
		uint64_t live;

		if (!vmt_view_site(view, i, &site))
			continue;
		live = part.torn_down ?
			       vmt_view_live_before(view, &site, site.live, part.torn_down) :
			       site.live;
		if (live >= VMT_TREND_SMALL / 2 && site_trend(view, i, live, part, &own) &&
		    own.trend == VMT_TREND_LEAK)
			rate += rate_of(&own);
	}
	return rate >= rate_of(curve) / 2;
}

/*
 * When did the process begin to give back torn_down maps because it ended? If this was not noticed, it
 * was at the peak, unless there were more maps by far: then it is not known.
 */
static bool find_beginning_of_end(const struct vmt_curve_source *source,
				  const struct vmt_view *view, uint64_t torn_down,
				  uint64_t *ret_time)
{
	uint64_t took = (uint64_t)view->header.ending_us * 1000;

	*ret_time = view->header.maps_peak_time;
	if (!vmt_view_is_before_end(view, torn_down))
		return source->now + torn_down + torn_down / 8 >= source->peak;
	*ret_time = source->duration > took ? source->duration - took : 0;
	return true;
}

/* Then the run is judged up to there. */
static void cut_off_end(struct vmt_curve_source *source, const struct vmt_view *view,
			uint64_t torn_down)
{
	uint64_t before = source->now + torn_down;
	uint64_t time, buckets;

	if (!torn_down || !find_beginning_of_end(source, view, torn_down, &time))
		return;
	buckets = time / (source->width ? source->width : 1);
	buckets += !buckets; /* a run of milliseconds */
	source->now = before;
	source->duration = buckets * source->width - 1;
	source->buckets = buckets < source->buckets ? buckets : source->buckets;
}

/* At the limit nothing grows any more, however long the program goes on to try. */
static void cut_off_limit(struct vmt_curve_source *source, const struct vmt_view *view)
{
	uint64_t peak_time = view->header.maps_peak_time;

	if (vmt_report_is_limit_reached(view) && source->now + VMT_TREND_RIPPLE >= source->peak &&
	    peak_time >= source->width && peak_time < source->duration)
		source->duration = peak_time;
}

/* The timeline of the process; of a process that gave maps back because it ended, up to there. */
static struct vmt_curve_source process_source(const struct vmt_view *view, uint64_t now,
					      uint64_t torn_down)
{
	struct vmt_curve_source source = {
		.bucket = process_bucket,
		.context = view,
		.buckets = vmt_view_bucket_count(view),
		.width = view->header.bucket_ns,
		.duration = vmt_report_duration(view, now),
		.start = view->header.maps_start,
		.now = vmt_view_maps_now(view),
		.peak = view->header.maps_peak,
	};

	cut_off_end(&source, view, torn_down);
	cut_off_limit(&source, view);
	return source;
}

bool vmt_report_trend(const struct vmt_view *view, uint64_t now, struct vmt_curve *ret_curve)
{
	return vmt_report_trend_before(view, now, 0, ret_curve);
}

bool vmt_report_trend_before(const struct vmt_view *view, uint64_t now, uint64_t torn_down,
			     struct vmt_curve *ret_curve)
{
	struct vmt_curve_source source = process_source(view, now, torn_down);

	if (!vmt_trend_judge(&source, ret_curve))
		return false;
	if (ret_curve->trend == VMT_TREND_LEAK && source.duration < VMT_TREND_START_UP_NS &&
	    !is_of_leaking_sites(view, (struct part){ source.duration, torn_down }, ret_curve))
		ret_curve->trend = VMT_TREND_SHORT;
	return true;
}

uint64_t vmt_report_half(const struct vmt_view *view, uint64_t *ret_maps)
{
	struct vmt_curve_source source = process_source(view, 0, 0);

	source.duration = view->header.maps_peak_time;
	return vmt_trend_half(&source, ret_maps);
}

static bool is_cut(const struct vmt_curve_source *source, const struct vmt_view *view)
{
	return source->now != vmt_view_maps_now(view);
}

bool vmt_report_is_cut(const struct vmt_view *view, uint64_t now, uint64_t torn_down)
{
	struct vmt_curve_source source = process_source(view, now, torn_down);

	return is_cut(&source, view);
}

/* The site makes up most of a growth that becomes slower, which a coarser timeline does not show. */
static bool is_slowing_growth(const struct vmt_curve_source *source, const struct vmt_curve *whole,
			      uint64_t live)
{
	return whole->trend == VMT_TREND_GROWING && whole->is_slowing &&
	       live >= (source->now - source->start) / 4 * 3;
}

/*
 * A process that stays at a level has no site that grows by more than that level allows: what such a site
 * gained, another one lost, or it grew before that only.
 */
static bool is_refuted(const struct vmt_curve_source *source, const struct vmt_curve *whole,
		       const struct vmt_curve *own)
{
	uint64_t gained;

	if (whole->trend != VMT_TREND_PLATEAU || source->duration < whole->since ||
	    __builtin_mul_overflow(rate_of(own), (source->duration - whole->since) / 1000000,
				   &gained))
		return false;
	return gained / 1000000 > 2 * (whole->high - whole->low) + VMT_TREND_SMALL;
}

bool vmt_report_site_trend(const struct vmt_view *view, uint64_t index, uint64_t live, uint64_t now,
			   struct vmt_curve *ret_curve)
{
	return vmt_report_site_trend_before(view, index, live, now, 0, ret_curve);
}

bool vmt_report_site_trend_before(const struct vmt_view *view, uint64_t index, uint64_t live,
				  uint64_t now, uint64_t torn_down, struct vmt_curve *ret_curve)
{
	const struct vmt_curve_source source = process_source(view, now, torn_down);
	const struct part part = { source.duration, is_cut(&source, view) ? torn_down : 0 };
	struct vmt_curve whole;

	if (!site_trend(view, index, live, part, ret_curve))
		return false;
	if (ret_curve->trend != VMT_TREND_LEAK || !vmt_trend_judge(&source, &whole))
		return true;
	if (is_slowing_growth(&source, &whole, live)) {
		ret_curve->trend = VMT_TREND_GROWING;
		ret_curve->is_slowing = true;
		ret_curve->rise = ret_curve->span = 0;
	} else if (is_refuted(&source, &whole, ret_curve)) {
		ret_curve->trend = VMT_TREND_GROWING;
	}
	return true;
}

static bool is_of_size(uint32_t reason)
{
	return reason == VMT_REASON_RLIMIT_AS || reason == VMT_REASON_RLIMIT_DATA ||
	       reason == VMT_REASON_RLIMIT_MEMLOCK || reason == VMT_REASON_OVERCOMMIT ||
	       reason == VMT_REASON_ADDRESS_SPACE || reason == VMT_REASON_HUGE_PAGES;
}

/*
 * Did a call site that made many maps fail because something else had run out? Growth like this
 * does not reach the limit of maps.
 */
static bool has_met_another_limit(const struct vmt_view *view)
{
	uint64_t count = vmt_view_count(view, VMT_SECTION_FAILURES);
	struct vmt_rec_failure failure;
	struct vmt_rec_site site;

	for (uint64_t i = 0; i < count; i++) {
		if (vmt_view_failure(view, i, &failure) && is_of_size(failure.reason) &&
		    vmt_view_site(view, failure.site, &site) &&
		    site.counters.calls - site.counters.failed >= MANY_CALLS)
			return true;
	}
	return false;
}

uint64_t vmt_report_left(const struct vmt_view *view)
{
	const struct vmt_rec_header *header = &view->header;
	uint64_t all = vmt_view_maps_now(view) + header->maps_own;

	if (has_met_another_limit(view))
		return 0;
	return header->maps_limit > all ? header->maps_limit - all : 0;
}

uint64_t vmt_report_time_left(const struct vmt_curve *curve, uint64_t maps)
{
	uint64_t ms = curve->span / 1000000;

	if (!curve->rise || !maps || __builtin_mul_overflow(maps, ms, &ms))
		return 0;
	ms /= curve->rise;
	return ms < UINT64_MAX / 1000000 ? ms * 1000000 : 0;
}

bool vmt_report_has_fallen(const struct vmt_view *view, uint64_t torn_down)
{
	const struct vmt_rec_header *header = &view->header;
	uint64_t now = vmt_view_maps_now(view) + torn_down;
	uint64_t rise =
		header->maps_peak > header->maps_start ? header->maps_peak - header->maps_start : 0;

	return header->maps_peak > now + VMT_TREND_RIPPLE + rise / 20;
}

uint64_t vmt_report_calls_left(const struct vmt_view *view, uint64_t calls, uint64_t live)
{
	uint64_t left = vmt_report_left(view);

	if (!live || live < calls / VMT_REPORT_RARE || vmt_report_has_fallen(view, 0) ||
	    __builtin_mul_overflow(left, calls, &left))
		return 0;
	return left / live;
}
