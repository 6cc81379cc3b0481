/* SPDX-License-Identifier: MIT */
/*
 * An object is a map made by one place, whoever cut it later. Who gave back which object is not
 * recorded. So this names those who give back only if nearly everything that was given back came
 * from this place, and if one or two places gave it back. See leak.h.
 */
#include "core/report/report.h"
#include "leak/leak.h"

#include <stdlib.h>

#define LEAST_SHARE  3u /* a third of the growth is worth mentioning first */
#define LEAST_PIECES 4u /* an object may have been cut into this many maps */
#define MOST_PIECES  3u /* with more maps to an object, starts of objects have probably merged */
#define ENOUGH       100u /* objects of a short run; a start-up makes fewer at one place */
#define MOST         90u /* percent of what was removed, by those who are named */

/* The effect of the sites of one place. */
struct sum {
	uint32_t site; /* the site that did most */
	uint64_t most;
	uint64_t mapped; /* live maps in memory that it mapped */
	uint64_t live; /* live maps whose start it put there */
	struct vmt_rec_counters counters;
};

/* What the search works on; the arrays are indexed by the first site of each place. */
struct places {
	const struct vmt_explain_record *record;
	uint32_t sites;
	uint64_t torn_down; /* if not 0, all is of the time before the end gave back so many maps */
	struct sum *all; /* of all sites */
	struct sum *some; /* of those that the leak may be of */
};

static void add_counts_of_site(struct sum *sum, uint32_t index,
			       const struct vmt_rec_counters *counters)
{
	uint64_t did = counters->created + counters->split + counters->removed;

	vmt_view_add(&sum->counters, counters);
	if (sum->site && did <= sum->most)
		return;
	sum->site = index;
	sum->most = did;
}

static void add_live_maps(const struct places *places, const bool *is_of, struct sum *sums)
{
	const struct vmt_explain_record *record = places->record;

	for (size_t i = 0; i < record->count; i++) {
		uint32_t put_by = record->map[i].put_by, mapped_by = record->map[i].mapped_by;

		if (put_by < places->sites && (!is_of || is_of[put_by]))
			sums[vmt_explain_record_place(record, put_by)].live++;
		if (mapped_by < places->sites && (!is_of || is_of[mapped_by]))
			sums[vmt_explain_record_place(record, mapped_by)].mapped++;
	}
}

/* Sum up the sites that is_of has; NULL: all. Returns NULL without memory. */
static struct sum *sum_places(const struct places *places, const bool *is_of)
{
	const struct vmt_explain_record *record = places->record;
	struct sum *sums = calloc((size_t)places->sites + 1, sizeof(*sums)), *sum;
	struct vmt_rec_site site;

	for (uint32_t i = VMT_SITE_FIRST; sums && i < places->sites; i++) {
		if ((is_of && !is_of[i]) || !vmt_view_site(record->view, i, &site))
			continue;
		sum = &sums[vmt_explain_record_place(record, i)];
		add_counts_of_site(sum, i, &site.counters);
		if (!places->torn_down)
			continue;
		sum->live +=
			vmt_view_live_before(record->view, &site, site.live, places->torn_down);
		sum->mapped = sum->counters.created ? sum->live : 0;
	}
	if (sums && !places->torn_down)
		add_live_maps(places, is_of, sums);
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
static uint32_t greatest(const struct places *places, uint64_t (*number_of)(const struct sum *sum))
{
	uint32_t best = 0;

	for (uint32_t i = VMT_SITE_FIRST; i < places->sites; i++) {
		if (!best || number_of(&places->some[i]) > number_of(&places->some[best]))
			best = i;
	}
	return best;
}

/* Returns the place that removed most maps, apart from `other`; 0: none. */
static uint32_t greatest_remover(const struct places *places, uint32_t other)
{
	uint32_t best = 0;

	for (uint32_t i = VMT_SITE_FIRST; i < places->sites; i++) {
		if (i != other &&
		    places->all[i].counters.removed > places->all[best].counters.removed)
			best = i;
	}
	return best;
}

static uint64_t given_back_of(const struct sum *sum)
{
	struct vmt_report_per_call per_call;

	return vmt_report_per_call(&sum->counters, sum->live, &per_call) ? per_call.given_back : 0;
}

/* The maps that one place made, or that others cut from what it mapped. */
struct objects {
	uint32_t place;
	uint64_t made;
	uint64_t given_back;
	bool is_unsure;
};

/* What sites of the place gave back that are not looked at. */
static uint64_t given_back_beside(const struct places *places, uint32_t place)
{
	uint64_t all = given_back_of(&places->all[place]);
	uint64_t some = given_back_of(&places->some[place]);

	return all > some ? all - some : 0;
}

/*
 * Did this place map most of what was given back? That is so if all other places gave back little.
 */
static bool is_most_given_back(const struct places *places, const struct objects *objects)
{
	uint64_t others = given_back_beside(places, objects->place);

	for (uint32_t i = VMT_SITE_FIRST; i < places->sites; i++) {
		const struct sum *sum = &places->all[i];

		/*
		 * Pieces of a place that cuts maps are given back together with the other pieces.
		 */
		if (i != objects->place && sum->counters.created > sum->counters.split)
			others += given_back_of(sum);
	}
	return objects->given_back > 9 * others;
}

static void find_removers(const struct places *places, const struct objects *objects,
			  struct vmt_leak *leak)
{
	uint32_t first = greatest_remover(places, 0);
	uint32_t second = greatest_remover(places, first);
	uint64_t total = 0, named = places->all[first].counters.removed;

	for (uint32_t i = VMT_SITE_FIRST; i < places->sites; i++)
		total += places->all[i].counters.removed;
	if (!first || !is_most_given_back(places, objects))
		return;
	leak->remover[0] = places->all[first].site;
	leak->remover[1] = places->all[second].site;
	if (named >= total / 100 * MOST)
		leak->removers = 1;
	else if (named + places->all[second].counters.removed >= total / 100 * MOST)
		leak->removers = 2;
}

static struct objects objects_of(const struct places *places, uint32_t place)
{
	const struct sum *sum = &places->some[place];
	struct vmt_report_per_call per_call = { .made = 0 };

	vmt_report_per_call(&sum->counters, sum->live, &per_call);
	return (struct objects){ place, per_call.made, per_call.given_back, per_call.is_unsure };
}

/*
 * A place maps objects, and others cut them: then the starts that it put may have gone, because a
 * guard has merged with that of the next object, while all objects are there. Their pieces are
 * counted together.
 */
static struct objects objects_with_pieces(const struct places *places, uint32_t place)
{
	const struct vmt_explain_record *record = places->record;
	struct objects objects = { place, objects_of(places, place).made, 0, false };
	bool *is_counted = calloc((size_t)places->sites + 1, sizeof(*is_counted));
	uint64_t mapped = places->some[place].mapped;
	uint32_t holder = 0;

	for (size_t i = 0; is_counted && i < record->count; i++) {
		const struct vmt_explain_map *map = &record->map[i];
		uint32_t cutter = map->put_by < places->sites ?
					  vmt_explain_record_place(record, map->put_by) :
					  0;

		if (map->mapped_by >= places->sites ||
		    vmt_explain_record_place(record, map->mapped_by) != place ||
		    cutter < VMT_SITE_FIRST || cutter == place || is_counted[cutter])
			continue;
		is_counted[cutter] = true;
		objects.made += objects_of(places, cutter).made;
		if (!holder || places->some[cutter].live > places->some[holder].live)
			holder = cutter;
	}
	objects.given_back = objects.made > mapped ? objects.made - mapped : 0;
	free(is_counted);
	/* Where guards have merged with those of another place's objects, the sums are not exact. */
	return is_most_given_back(places, &objects) ? objects : objects_of(places, holder);
}

/* Have its maps merged as they were made, so that its counts are not those of objects? */
static bool is_merged(const struct sum *sum, const struct objects *objects)
{
	return objects->made < sum->mapped / LEAST_PIECES ||
	       sum->counters.merged > sum->counters.created / 2;
}

/*
 * The place that mapped most of what there is, unless its maps merge with each other, or others cut
 * more from elsewhere: then the place that put most maps where they start.
 */
static struct objects choose_objects(const struct places *places)
{
	uint32_t place = greatest(places, mapped_of), holder = greatest(places, live_of);
	const struct sum *sum = &places->some[place];
	struct objects objects = objects_of(places, place);

	if (!place)
		return objects;
	if (is_merged(sum, &objects) || sum->mapped < places->some[holder].live)
		return objects_of(places, holder);
	return sum->live < sum->mapped / MOST_PIECES ? objects_with_pieces(places, place) : objects;
}

/*
 * Did other places remove most of it? What is mapped over by its own place, or has merged, was not
 * given back.
 */
static bool is_removed_by_others(const struct places *places, const struct objects *objects)
{
	uint64_t removed = 0;

	for (uint32_t i = VMT_SITE_FIRST; i < places->sites; i++)
		removed += i == objects->place ? 0 : places->all[i].counters.removed;
	return removed >= objects->given_back / 2;
}

/* Some are left at the end of a run that time has not judged, and most others are not. */
static bool is_kept(const struct places *places, const struct objects *objects,
		    enum vmt_trend trend)
{
	return (trend == VMT_TREND_SHORT || vmt_report_is_limit_reached(places->record->view)) &&
	       objects->made >= ENOUGH && objects->given_back > objects->made / 100 &&
	       is_removed_by_others(places, objects);
}

/*
 * The maps that are left of the objects: those whose starts this place put there, or all that it
 * mapped, where others cut them.
 */
static uint64_t left_of(const struct places *places, const struct objects *objects)
{
	uint64_t left = objects->made - objects->given_back;
	uint64_t mapped = places->some[objects->place].mapped;

	return left > mapped ? left : mapped;
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

/* Of what leaks by its own curve, little may be left; otherwise, it has to be much. */
static bool is_much(const struct places *places, const struct objects *objects)
{
	const struct vmt_explain_record *record = places->record;
	uint64_t growth = record->count + places->torn_down - record->view->header.maps_start;

	return left_of(places, objects) >= growth / LEAST_SHARE &&
	       objects->given_back < objects->made - objects->made / 100;
}

static bool find(const struct places *places, const struct vmt_leak_sites *sites,
		 struct vmt_leak *leak)
{
	struct objects objects = choose_objects(places);
	const struct sum *sum = &places->some[objects.place];

	if (!objects.place || !is_worth_telling(sum, &objects) ||
	    !(sites->by_curves || is_much(places, &objects)))
		return false;
	leak->is_leak = sites->by_curves || sites->trend == VMT_TREND_LEAK;
	if (!leak->is_leak && !is_kept(places, &objects, sites->trend))
		return false;
	leak->site = sum->site;
	leak->made = objects.made;
	leak->left = objects.made - objects.given_back;
	leak->is_clear = sites->is_clear;
	leak->is_unsure = objects.is_unsure;
	leak->torn_down = places->torn_down;
	if (!places->torn_down)
		find_removers(places, &objects, leak);
	return true;
}

bool vmt_leak_find(const struct vmt_explain_record *record, uint64_t now, uint64_t torn_down,
		   struct vmt_leak *ret_leak)
{
	bool is_cut = vmt_report_is_cut(record->view, now, torn_down);
	struct places places = {
		record, record->explain.facts.sites, is_cut ? torn_down : 0, NULL, NULL,
	};
	struct vmt_leak leak = { .removers = 0 };
	struct vmt_leak_sites sites;
	bool found;

	if (record->count + places.torn_down <= record->view->header.maps_start ||
	    vmt_explain_record_lacks_maps(record) ||
	    !vmt_leak_sites(record, now, places.torn_down, &sites))
		return false;
	places.all = sum_places(&places, NULL);
	places.some = sum_places(&places, sites.is_of);
	found = places.all && places.some && find(&places, &sites, &leak);
	free(places.all);
	free(places.some);
	leak.is_of = sites.is_of;
	if (found)
		*ret_leak = leak;
	else
		free(sites.is_of);
	return found;
}

void vmt_leak_free(struct vmt_leak *leak)
{
	free(leak->is_of);
	leak->is_of = NULL;
}
