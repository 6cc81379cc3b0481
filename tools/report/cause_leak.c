/* SPDX-License-Identifier: MIT */
/*
 * An object is a map made by one place, whoever cut it later. Who gave back which object is not
 * recorded. So this names those who give back only if nearly everything that was given back came
 * from this place, and if one or two places gave it back. See cause_leak.h.
 */
#include "report/cause_leak.h"
#include "core/report/report.h"
#include "report/cause_parts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LEAST_SHARE  3u /* a third of the growth is worth mentioning first */
#define LEAST_PIECES 4u /* an object may have been cut into this many maps */
#define MOST_PIECES  3u /* with more maps to an object, starts of objects have probably merged */
#define ENOUGH       100u /* objects of a short run; a start-up makes fewer at one place */
#define MOST         90u /* percent of what was removed, by those who are named */

/* The effect of all sites of one place. */
struct sum {
	uint32_t site; /* the site that did most */
	uint64_t most;
	uint64_t mapped; /* live maps in memory that it mapped */
	uint64_t live; /* live maps whose start it put there */
	struct vmt_rec_counters counters;
};

static uint32_t number_of_place(const struct vmt_explain_record *record, uint32_t site)
{
	return record->place ? record->place[site] : site;
}

static void add_counts_of_site(struct sum *sum, uint32_t index,
			       const struct vmt_rec_counters *counters)
{
	uint64_t did = counters->created + counters->split + counters->removed;

	sum->counters.calls += counters->calls;
	sum->counters.failed += counters->failed;
	sum->counters.created += counters->created;
	sum->counters.split += counters->split;
	sum->counters.merged += counters->merged;
	sum->counters.removed += counters->removed;
	if (sum->site && did <= sum->most)
		return;
	sum->site = index;
	sum->most = did;
}

/* Returns an array indexed by the first site of each place; NULL without memory. */
static struct sum *sum_places(const struct vmt_explain_record *record)
{
	uint32_t sites = record->explain.facts.sites;
	struct sum *sums = calloc((size_t)sites + 1, sizeof(*sums));
	struct vmt_rec_site site;

	for (uint32_t i = VMT_SITE_FIRST; sums && i < sites; i++) {
		if (vmt_view_site(record->view, i, &site))
			add_counts_of_site(&sums[number_of_place(record, i)], i, &site.counters);
	}
	for (size_t i = 0; sums && i < record->count; i++) {
		const struct vmt_explain_map *map = &record->map[i];

		if (map->put_by < sites)
			sums[number_of_place(record, map->put_by)].live++;
		if (map->mapped_by < sites)
			sums[number_of_place(record, map->mapped_by)].mapped++;
	}
	return sums;
}

static uint64_t mapped_of(const struct sum *sum)
{
	return sum->mapped;
}

static uint64_t live_of(const struct sum *sum)
{
	return sum->live;
}

/* Returns the place with the greatest number; 0: there is no place. */
static uint32_t greatest(const struct sum *sums, uint32_t sites,
			 uint64_t (*number_of)(const struct sum *sum))
{
	uint32_t best = 0;

	for (uint32_t i = VMT_SITE_FIRST; i < sites; i++) {
		if (!best || number_of(&sums[i]) > number_of(&sums[best]))
			best = i;
	}
	return best;
}

/* Returns the place that removed most maps, apart from `other`; 0: none. */
static uint32_t greatest_remover(const struct sum *sums, uint32_t sites, uint32_t other)
{
	uint32_t best = 0;

	for (uint32_t i = VMT_SITE_FIRST; i < sites; i++) {
		if (i != other && sums[i].counters.removed > sums[best].counters.removed)
			best = i;
	}
	return best;
}

static uint64_t given_back_of(const struct sum *sum)
{
	struct vmt_report_per_call per_call;

	return vmt_report_per_call(&sum->counters, sum->live, &per_call) ? per_call.given_back : 0;
}

/* What the sentence is about: maps that one place made, or that others cut from what it mapped. */
struct objects {
	uint32_t place;
	uint32_t holder; /* the place that put most of what is left where it starts */
	uint64_t made;
	uint64_t given_back;
};

/*
 * Did this place map most of what was given back? That is so if all other places gave back little.
 */
static bool is_most_given_back(const struct sum *sums, uint32_t sites,
			       const struct objects *objects)
{
	uint64_t others = 0;

	for (uint32_t i = VMT_SITE_FIRST; i < sites; i++) {
		/*
		 * Pieces of a place that cuts maps are given back together with the other pieces.
		 */
		if (i != objects->place && sums[i].counters.created > sums[i].counters.split)
			others += given_back_of(&sums[i]);
	}
	return objects->given_back > 9 * others;
}

static void put_removers(struct vmt_explain_record *record, const struct sum *sums,
			 const struct objects *objects, char *text, size_t size)
{
	uint32_t sites = record->explain.facts.sites;
	uint32_t first = greatest_remover(sums, sites, 0);
	uint32_t second = greatest_remover(sums, sites, first);
	char by[256], also[256] = "";
	uint64_t total = 0, named;

	text[0] = '\0';
	for (uint32_t i = VMT_SITE_FIRST; i < sites; i++)
		total += sums[i].counters.removed;
	named = sums[first].counters.removed;
	if (!first || !is_most_given_back(sums, sites, objects))
		return;
	if (named < total / 100 * MOST) {
		named += sums[second].counters.removed;
		vmt_explain_record_site(record, sums[second].site, also, sizeof(also));
	}
	if (named < total / 100 * MOST)
		return;
	vmt_explain_record_site(record, sums[first].site, by, sizeof(by));
	snprintf(text, size, ", the others are, by %s%s%s", by, *also ? " and " : "", also);
}

static struct objects objects_of(const struct sum *sums, uint32_t place)
{
	struct vmt_report_per_call per_call = { .made = 0 };

	vmt_report_per_call(&sums[place].counters, sums[place].live, &per_call);
	return (struct objects){ place, place, per_call.made, per_call.given_back };
}

/*
 * A place maps objects, and others cut them: then the starts that it put may have gone, because a
 * guard has merged with that of the next object, while all objects are there. Their pieces are
 * counted together.
 */
static struct objects objects_with_pieces(const struct vmt_explain_record *record,
					  const struct sum *sums, uint32_t place)
{
	uint32_t sites = record->explain.facts.sites;
	struct objects objects = { place, 0, objects_of(sums, place).made, 0 };
	bool *is_counted = calloc((size_t)sites + 1, sizeof(*is_counted));

	for (size_t i = 0; is_counted && i < record->count; i++) {
		const struct vmt_explain_map *map = &record->map[i];
		uint32_t cutter = map->put_by < sites ? number_of_place(record, map->put_by) : 0;

		if (map->mapped_by >= sites || number_of_place(record, map->mapped_by) != place ||
		    cutter < VMT_SITE_FIRST || cutter == place || is_counted[cutter])
			continue;
		is_counted[cutter] = true;
		objects.made += objects_of(sums, cutter).made;
		if (!objects.holder || sums[cutter].live > sums[objects.holder].live)
			objects.holder = cutter;
	}
	objects.given_back =
		objects.made > sums[place].mapped ? objects.made - sums[place].mapped : 0;
	free(is_counted);
	/* Where guards have merged with those of another place's objects, the sums are not exact. */
	return is_most_given_back(sums, sites, &objects) ? objects :
							   objects_of(sums, objects.holder);
}

/*
 * The sentence is about the place that mapped most of what there is. Where its maps merge with each
 * other, its counts are not those of objects. Then the sentence is about the place that put most maps
 * where they start, by cutting the others.
 */
static struct objects choose_objects(const struct vmt_explain_record *record,
				     const struct sum *sums)
{
	uint32_t sites = record->explain.facts.sites;
	uint32_t place = greatest(sums, sites, mapped_of);
	struct objects objects = objects_of(sums, place);

	if (!place)
		return objects;
	if (objects.made < sums[place].mapped / LEAST_PIECES)
		return objects_of(sums, greatest(sums, sites, live_of));
	if (sums[place].live < sums[place].mapped / MOST_PIECES)
		objects = objects_with_pieces(record, sums, place);
	return objects;
}

/*
 * Did other places remove most of it? What is mapped over by its own place, or has merged, was not
 * given back.
 */
static bool is_removed_by_others(const struct sum *sums, uint32_t sites,
				 const struct objects *objects)
{
	uint64_t removed = 0;

	for (uint32_t i = VMT_SITE_FIRST; i < sites; i++)
		removed += i == objects->place ? 0 : sums[i].counters.removed;
	return removed >= objects->given_back / 2;
}

/* Did it end while the count rose, before time told whether that would go on? */
static bool is_short(const struct vmt_explain_record *record, uint64_t now)
{
	struct vmt_curve curve;

	return vmt_report_is_limit_reached(record->view) ||
	       (vmt_report_trend(record->view, now, &curve) && curve.trend == VMT_TREND_SHORT);
}

static bool is_leak(const struct vmt_explain_record *record, const struct sum *sum, uint64_t now)
{
	struct vmt_curve curve;

	if (vmt_report_trend(record->view, now, &curve) && curve.trend == VMT_TREND_LEAK)
		return true;
	return vmt_report_site_trend(record->view, sum->site, sum->live, now, &curve) &&
	       curve.trend == VMT_TREND_LEAK;
}

/* What each site made. NULL without memory. */
static uint64_t *weigh_made(const struct vmt_explain_record *record)
{
	uint32_t sites = record->explain.facts.sites;
	uint64_t *weight = calloc((size_t)sites + 1, sizeof(*weight));
	struct vmt_rec_site site;

	for (uint32_t i = VMT_SITE_FIRST; weight && i < sites; i++) {
		if (vmt_view_site(record->view, i, &site))
			weight[i] = site.counters.created + site.counters.split;
	}
	return weight;
}

/* What each site has left of the objects of a place. NULL without memory. */
static uint64_t *weigh_left(const struct vmt_explain_record *record, uint32_t place)
{
	uint32_t sites = record->explain.facts.sites;
	uint64_t *weight = calloc((size_t)sites + 1, sizeof(*weight));

	for (size_t i = 0; weight && i < record->count; i++) {
		const struct vmt_explain_map *map = &record->map[i];

		if (map->mapped_by < sites && number_of_place(record, map->mapped_by) == place)
			weight[map->mapped_by]++;
		else if (map->put_by < sites && number_of_place(record, map->put_by) == place)
			weight[map->put_by]++;
	}
	return weight;
}

/*
 * The place with the caller through which nearly all came. If that is so only of what is left, it is
 * said there.
 */
static void put_place(struct vmt_explain_record *record, uint32_t place, uint32_t site, char *by,
		      char *left, size_t size)
{
	uint64_t *made = weigh_made(record), *live = weigh_left(record, place);
	char text[416];

	vmt_cause_put_site(by, size, record, site, made);
	vmt_cause_put_site(text, sizeof(text), record, site, live);
	left[0] = '\0';
	if (strlen(text) > strlen(by) && !strncmp(text, by, strlen(by)))
		snprintf(left, size, ", nearly all of them%s", text + strlen(by));
	free(made);
	free(live);
}

/* In a short run, what was not given back may also have been in use. */
static void put_objects(struct vmt_lines *lines, struct vmt_explain_record *record,
			const struct sum *sums, const struct objects *objects, bool is_leak)
{
	struct vmt_number number, made;
	char by[480], left[480], others[600];

	if (objects->given_back >= objects->made - objects->made / 100)
		return;
	put_place(record, objects->place, sums[objects->place].site, by, left, sizeof(by));
	if (objects->given_back <= objects->made / 100) {
		if (is_leak)
			vmt_lines_add(lines, 10,
				      "  leak    none of the %s maps by %s is given back",
				      vmt_lines_number(&made, objects->made), by);
		return;
	}
	put_removers(record, sums, objects, others, sizeof(others));
	vmt_lines_add(lines, 10, "  %s    %s of %s maps by %s are not given back%s%s",
		      is_leak ? "leak" : "kept",
		      vmt_lines_number(&number, objects->made - objects->given_back),
		      vmt_lines_number(&made, objects->made), by, left, others);
}

/*
 * The maps that are left of the objects: those whose starts this place put there, or all that it
 * mapped, where others cut them.
 */
static uint64_t left_of(const struct sum *sums, const struct objects *objects)
{
	uint64_t left = objects->made - objects->given_back;

	return left > sums[objects->place].mapped ? left : sums[objects->place].mapped;
}

static bool is_worth_telling(const struct sum *sum, const struct objects *objects)
{
	const struct vmt_report_per_call per_call = {
		.calls = sum->counters.calls - sum->counters.failed,
		.made = objects->made,
	};

	return objects->made && sum->counters.calls > sum->counters.failed &&
	       vmt_report_is_worth_telling(&per_call);
}

void vmt_cause_leak(struct vmt_lines *lines, struct vmt_explain_record *record, uint64_t now)
{
	uint64_t start = record->view->header.maps_start;
	struct sum *sums = record->count > start ? sum_places(record) : NULL;
	struct objects objects = { 0 };
	bool leaks, is_kept;

	if (sums)
		objects = choose_objects(record, sums);
	if (objects.place && left_of(sums, &objects) >= (record->count - start) / LEAST_SHARE &&
	    is_worth_telling(&sums[objects.place], &objects)) {
		leaks = is_leak(record, &sums[objects.holder], now);
		is_kept = objects.made >= ENOUGH && is_short(record, now) &&
			  is_removed_by_others(sums, record->explain.facts.sites, &objects);
		if (leaks || is_kept)
			put_objects(lines, record, sums, &objects, leaks);
	}
	free(sums);
}
