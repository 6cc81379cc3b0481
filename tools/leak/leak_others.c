/* SPDX-License-Identifier: MIT */
/*
 * A call that cuts a map puts a start where the next object begins, too, if both had merged. That
 * object may stay longer than the one that the call was for: then the maps of this call site grow
 * while it gives back all that it makes. This is known of a place that maps what it cuts, by the
 * same way: such maps do not lie in what it mapped. Part of leak.h.
 */
#include "core/report/report.h"
#include "leak/leak.h"
#include "util/hash.h"

#include <stdlib.h>

#define LEAST 16u /* maps */

/* What is known of one site. */
struct way {
	uint32_t hash; /* of the frames outside of the call; 0 = no stack */
	bool maps; /* its call maps memory */
	bool is_apart; /* what it maps has never merged, and it cuts nothing: all starts are its own */
	uint64_t made; /* starts of maps that it has put in all the run… */
	uint64_t live; /* …and that are there now… */
	uint64_t known; /* …of which it is known who mapped them… */
	uint64_t own; /* …and how many of these a call by the same way mapped */
};

static uint32_t hash_of(const struct vmt_view *view, const struct vmt_rec_site *site)
{
	uint32_t count = vmt_view_frame_count(view, site), hash = VMT_HASH_START;
	struct vmt_rec_frame frame;

	for (uint32_t i = 0; i < count; i++) {
		if (!vmt_view_frame(view, (uint64_t)site->frame_first + i, &frame))
			return 0;
		/* Both calls are in one function; where in it differs. */
		if (!i)
			frame.offset = 0;
		hash = vmt_hash_bytes(hash, (const char *)&frame.offset, sizeof(frame.offset));
		hash = vmt_hash_bytes(hash, (const char *)&frame.module, sizeof(frame.module));
	}
	return count ? hash : 0;
}

static void read_ways(const struct vmt_explain_record *record, struct way *way)
{
	uint32_t sites = record->explain.facts.sites;
	struct vmt_rec_site site;

	for (uint32_t i = VMT_SITE_FIRST; i < sites; i++) {
		if (!vmt_view_site(record->view, i, &site))
			continue;
		way[i].hash = hash_of(record->view, &site);
		way[i].maps = site.counters.created > 0;
		way[i].is_apart = !site.counters.merged && !site.counters.split;
		way[i].made = site.counters.created + site.counters.split;
	}
	for (size_t i = 0; i < record->count; i++) {
		uint32_t put_by = record->map[i].put_by, mapped_by = record->map[i].mapped_by;

		if (put_by >= sites)
			continue;
		way[put_by].live++;
		if (mapped_by >= sites || mapped_by < VMT_SITE_FIRST)
			continue;
		way[put_by].known++;
		way[put_by].own += way[put_by].hash && way[put_by].hash == way[mapped_by].hash;
	}
}

/* Does a call that the same way leads to map memory? */
static bool has_mapper(const struct way *way, uint32_t sites, uint32_t index)
{
	for (uint32_t i = VMT_SITE_FIRST; i < sites; i++) {
		if (i != index && way[i].maps && way[i].hash == way[index].hash)
			return true;
	}
	return false;
}

/* Did it grow by no more than these? The growth was measured over a part of the run. */
static bool is_of(const struct vmt_curve *curve, uint64_t others, uint64_t duration)
{
	double growth =
		curve->span ? (double)curve->rise * (double)duration / (double)curve->span : 0;

	return growth <= (double)(others + others / 8);
}

/* Are there others' objects among its maps, and do these grow? */
static bool grows_by_others(const struct vmt_explain_record *record, const struct way *way,
			    uint32_t index, const struct vmt_curve *curve, uint64_t now)
{
	uint64_t others = way[index].known - way[index].own;

	return !way[index].maps && others >= LEAST &&
	       has_mapper(way, record->explain.facts.sites, index) &&
	       is_of(curve, others, vmt_report_duration(record->view, now));
}

/* A part of the run, ns since the start. */
struct part {
	uint64_t from;
	uint64_t to;
};

static uint64_t least(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* The site's lowest count in a part of the run. */
static int64_t lowest_in(const struct vmt_rec_site_time *time, uint64_t live, struct part part)
{
	uint64_t width = VMT_SITE_TIME_NS << time->shift, low = UINT64_MAX;

	for (uint64_t i = 0; i < VMT_SITE_BUCKETS; i++) {
		const struct vmt_rec_site_bucket *bucket = &time->bucket[i];

		if (!bucket->max || (i + 1) * width <= part.from)
			continue;
		if (i * width > part.from)
			low = least(low, bucket->first);
		if (i * width >= part.to)
			return (int64_t)low;
		low = least(low, bucket->min);
	}
	return (int64_t)least(low, live);
}

/* Likewise of the process's. */
static int64_t lowest_of_all(const struct vmt_view *view, struct part part)
{
	uint64_t width = view->header.bucket_ns, low = UINT64_MAX, last = view->header.maps_start;
	uint64_t count = vmt_view_bucket_count(view);
	struct vmt_rec_bucket bucket;

	for (uint64_t i = 0; i < count && i * width < part.to; i++) {
		bool any = vmt_view_bucket(view, i, &bucket);

		if ((i + 1) * width > part.from)
			low = least(low, any ? least(bucket.min, last) : last);
		last = any ? bucket.last : last;
	}
	return (int64_t)least(low, last);
}

/* How much the lowest counts rose from the second quarter of the run to its end. */
struct rises {
	int64_t all; /* of the process… */
	int64_t kept; /* …and of those of its sites that keep most of what they make */
	int64_t site[]; /* negative: it fell */
};

static bool keeps_most(const struct way *way)
{
	return way->live >= way->made / 2;
}

static struct rises *read_rises(const struct vmt_explain_record *record, const struct way *way,
				uint64_t duration)
{
	const struct part early = { duration / 4, duration / 8 * 3 };
	const struct part late = { duration / 8 * 7, duration };
	const struct vmt_view *view = record->view;
	uint32_t sites = record->explain.facts.sites;
	struct rises *rises = calloc(1, sizeof(*rises) + ((size_t)sites + 1) * sizeof(int64_t));
	struct vmt_rec_site_time time;

	if (!rises || !view->header.bucket_ns)
		return rises;
	rises->all = lowest_of_all(view, late) - lowest_of_all(view, early);
	for (uint32_t i = VMT_SITE_FIRST; i < sites; i++) {
		if (!vmt_view_site_time(view, i, &time))
			continue;
		rises->site[i] =
			lowest_in(&time, way[i].live, late) - lowest_in(&time, way[i].live, early);
		if (rises->site[i] > 0 && keeps_most(&way[i]))
			rises->kept += rises->site[i];
	}
	return rises;
}

/*
 * Objects of one place that lie side by side merge when they are mapped, and are cut apart again: then the call
 * that cuts has put the start of one that another call had put before. So a site seems to leak that
 * gives back most of what it makes, while the process has not gained what this one has, and nobody
 * else has given that back.
 */
static bool has_taken_over(const struct vmt_explain_record *record, const struct way *way,
			   const struct rises *rises, uint32_t index)
{
	int64_t gained = rises->site[index], given_back = 0;

	if (gained <= 0 || way[index].is_apart || keeps_most(&way[index]) ||
	    (rises->all - rises->kept) * 2 >= gained)
		return false;
	for (uint32_t i = VMT_SITE_FIRST; i < record->explain.facts.sites; i++) {
		if (way[i].hash != way[index].hash && rises->site[i] < 0)
			given_back -= rises->site[i];
	}
	return given_back * 2 < gained;
}

static bool is_others(const struct vmt_explain_record *record, const struct way *way,
		      const struct rises *rises, uint32_t index, uint64_t now)
{
	struct vmt_curve curve;

	return way[index].hash &&
	       vmt_report_site_trend(record->view, index, way[index].live, now, &curve) &&
	       curve.trend == VMT_TREND_LEAK &&
	       (grows_by_others(record, way, index, &curve, now) ||
		has_taken_over(record, way, rises, index));
}

bool *vmt_leak_others(const struct vmt_explain_record *record, uint64_t now)
{
	uint32_t sites = record->explain.facts.sites;
	struct way *way = calloc((size_t)sites + 1, sizeof(*way));
	bool *ret = calloc((size_t)sites + 1, sizeof(*ret));
	struct rises *rises = NULL;

	if (way && ret) {
		read_ways(record, way);
		rises = read_rises(record, way, vmt_report_duration(record->view, now));
	}
	for (uint32_t i = VMT_SITE_FIRST; rises && i < sites; i++)
		ret[i] = is_others(record, way, rises, i, now);
	free(rises);
	free(way);
	return ret;
}
