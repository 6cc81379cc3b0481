/* SPDX-License-Identifier: MIT */
/*
 * Judges the curve of each call site, since the largest may be a cache that has been full for long
 * while a small one leaks. A place in the program may have several stacks of which one leaks. Part of
 * leak.h.
 */
#include "core/report/report.h"
#include "leak/leak.h"

#include <stdlib.h>

#define LEAST_SHARE   20u /* a twentieth of the growth is worth mentioning, as for causes… */
#define LEAST_AT_ONCE 3u /* …but a third in a run that may be all start-up */

/* What is known of one site. */
struct course {
	uint64_t live; /* maps whose start it put there */
	uint64_t mapped; /* maps in memory that it mapped… */
	uint64_t mapped_of; /* …and how many of them were put there by sites of the leak */
	double rate; /* of a site that leaks: maps a second */
	bool is_clear; /* it leaks steadily, and not below waves */
	uint64_t rise; /* of what it held at least; 0 = it did not rise */
	enum vmt_trend trend;
};

/* Is it known that the site's maps have stopped growing, or come and go? */
static bool is_calm(enum vmt_trend trend)
{
	return trend == VMT_TREND_PLATEAU || trend == VMT_TREND_BURST ||
	       trend == VMT_TREND_BURSTS || trend == VMT_TREND_SAWTOOTH ||
	       trend == VMT_TREND_GIVEN_BACK;
}

static double rate_of(const struct vmt_curve *curve)
{
	return curve->span ? (double)curve->rise * 1e9 / (double)curve->span : 0;
}

static void read_course(const struct vmt_explain_record *record, uint32_t site, uint64_t now,
			uint64_t torn_down, bool is_others, struct course *course)
{
	struct vmt_curve curve;

	if (!vmt_report_site_trend_before(record->view, site, course->live, now, torn_down, &curve))
		return;
	course->trend = curve.trend;
	course->rise = curve.lows[1] - curve.lows[0];
	if (is_others) {
		course->trend = VMT_TREND_GIVEN_BACK;
	} else if (curve.trend == VMT_TREND_LEAK && course->live) {
		course->rate = rate_of(&curve);
		course->is_clear = !curve.is_rough && curve.times < 2;
	}
}

static void count_live(const struct vmt_explain_record *record, struct course *course)
{
	uint32_t sites = record->explain.facts.sites;

	for (size_t i = 0; i < record->count; i++) {
		if (record->map[i].put_by < sites)
			course[record->map[i].put_by].live++;
		if (record->map[i].mapped_by < sites)
			course[record->map[i].mapped_by].mapped++;
	}
}

/*
 * Returns an array with the course of each site, and the sum of the rates. NULL without memory. If the
 * process gave maps back because it ended, all is of the time before.
 */
static struct course *read_courses(const struct vmt_explain_record *record, uint64_t now,
				   uint64_t torn_down, double *ret_rate)
{
	bool is_cut = vmt_report_is_cut(record->view, now, torn_down);
	uint32_t sites = record->explain.facts.sites;
	struct course *course = calloc((size_t)sites + 1, sizeof(*course));
	bool *is_others = is_cut ? NULL : vmt_leak_others(record, now);
	struct vmt_rec_site site;

	*ret_rate = 0;
	if (course)
		count_live(record, course);
	for (uint32_t i = VMT_SITE_FIRST; course && i < sites; i++) {
		if (is_cut && vmt_view_site(record->view, i, &site))
			course[i].live =
				vmt_view_live_before(record->view, &site, site.live, torn_down);
		read_course(record, i, now, torn_down, is_others && is_others[i], &course[i]);
		*ret_rate += course[i].rate;
	}
	free(is_others);
	return course;
}

/*
 * May the site's maps be those of the leak, if no curve shows whose they are? Not if it is known that they
 * do something else, unless the lowest count of a site whose maps come and go rose by much of the leak.
 */
static bool is_suspect(const struct course *course, const struct vmt_curve *whole)
{
	uint64_t rise =
		whole->lows[1] > whole->lows[0] ? whole->lows[1] - whole->lows[0] : whole->rise;

	return !is_calm(course->trend) ||
	       (whole->trend == VMT_TREND_LEAK && course->rise && course->rise >= rise / 4);
}

/*
 * A site that maps what others cut may have a curve that shows nothing, since the starts of its maps
 * merge with what lies below. It is one of them if most of what it mapped is of them.
 */
static void add_mappers(const struct vmt_explain_record *record, struct course *course, bool *is_of)
{
	uint32_t sites = record->explain.facts.sites;

	for (size_t i = 0; i < record->count; i++) {
		const struct vmt_explain_map *map = &record->map[i];

		if (map->mapped_by < sites && map->put_by < sites && is_of[map->put_by])
			course[map->mapped_by].mapped_of++;
	}
	for (uint32_t i = VMT_SITE_FIRST; i < sites; i++)
		is_of[i] |= course[i].mapped_of > course[i].mapped / 2;
}

/*
 * Do those that leak matter? In a leak of the process, they are most of it, or others, each too small
 * to judge, are. In other growth, they are a part worth mentioning.
 */
static bool do_matter(const struct vmt_explain_record *record, const struct course *course,
		      double rate, uint64_t torn_down, const struct vmt_curve *whole)
{
	uint64_t growth = record->count + torn_down - record->view->header.maps_start, live = 0;

	if (whole->trend == VMT_TREND_LEAK)
		return rate >= rate_of(whole) / 2;
	for (uint32_t i = VMT_SITE_FIRST; i < record->explain.facts.sites; i++)
		live += course[i].rate > 0 ? course[i].live : 0;
	return live >= growth / (whole->trend == VMT_TREND_SHORT ? LEAST_AT_ONCE : LEAST_SHARE);
}

static double clear_rate(const struct course *course, uint32_t sites)
{
	double clear = 0;

	for (uint32_t i = VMT_SITE_FIRST; i < sites; i++)
		clear += course[i].is_clear ? course[i].rate : 0;
	return clear;
}

/*
 * Where sites that leak clearly make up much of the leak, those whose maps come and go besides may seem to
 * leak because maps of the former lie beside theirs: these are left out. Returns the sum of the rates.
 */
static double prefer_clear(struct course *course, uint32_t sites, double rate,
			   const struct vmt_curve *whole)
{
	double clear = clear_rate(course, sites);

	if (clear * 2 < (whole->trend == VMT_TREND_LEAK ? rate_of(whole) : rate))
		return rate;
	for (uint32_t i = VMT_SITE_FIRST; i < sites; i++)
		course[i].rate = course[i].is_clear ? course[i].rate : 0;
	return clear;
}

bool vmt_leak_sites(const struct vmt_explain_record *record, uint64_t now, uint64_t torn_down,
		    struct vmt_leak_sites *ret_sites)
{
	uint32_t sites = record->explain.facts.sites;
	struct vmt_curve whole = { .trend = VMT_TREND_NONE };
	bool *is_of = calloc((size_t)sites + 1, sizeof(*is_of));
	double rate;
	struct course *course = read_courses(record, now, torn_down, &rate);

	if (!course || !is_of) {
		free(course);
		free(is_of);
		return false;
	}
	if (!vmt_report_trend_before(record->view, now, torn_down, &whole))
		whole.trend = VMT_TREND_NONE;
	rate = prefer_clear(course, sites, rate, &whole);
	*ret_sites = (struct vmt_leak_sites){ .is_of = is_of, .trend = whole.trend };
	ret_sites->is_clear = clear_rate(course, sites) * 2 >= rate;
	ret_sites->by_curves = rate > 0 && do_matter(record, course, rate, torn_down, &whole);
	for (uint32_t i = VMT_SITE_FIRST; i < sites; i++)
		is_of[i] =
			ret_sites->by_curves ? course[i].rate > 0 : is_suspect(&course[i], &whole);
	add_mappers(record, course, is_of);
	free(course);
	return true;
}
