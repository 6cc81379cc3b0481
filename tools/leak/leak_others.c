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
	uint64_t live; /* maps whose start it put there… */
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

	return curve->trend == VMT_TREND_LEAK && growth <= (double)(others + others / 8);
}

/* Are there others' objects among its maps, and do these grow? */
static bool grows_by_others(const struct vmt_explain_record *record, const struct way *way,
			    uint32_t index, uint64_t now)
{
	uint64_t others = way[index].known - way[index].own;
	struct vmt_curve curve;

	return way[index].hash && !way[index].maps && others >= LEAST &&
	       has_mapper(way, record->explain.facts.sites, index) &&
	       vmt_report_site_trend(record->view, index, way[index].live, now, &curve) &&
	       is_of(&curve, others, vmt_report_duration(record->view, now));
}

bool *vmt_leak_others(const struct vmt_explain_record *record, uint64_t now)
{
	uint32_t sites = record->explain.facts.sites;
	struct way *way = calloc((size_t)sites + 1, sizeof(*way));
	bool *is_others = calloc((size_t)sites + 1, sizeof(*is_others));

	if (way && is_others)
		read_ways(record, way);
	for (uint32_t i = VMT_SITE_FIRST; way && is_others && i < sites; i++)
		is_others[i] = grows_by_others(record, way, i, now);
	free(way);
	return is_others;
}
