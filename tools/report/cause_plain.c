/* SPDX-License-Identifier: MIT */
/*
 * A map's purpose is known from the call that put its start there; call sites of one place are
 * added up. See cause_plain.h.
 */
#include "core/report/report.h"
#include "explain/explain_owner.h"
#include "input/liveness.h"
#include "report/cause_plain.h"
#include "report/cause_parts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define GUARD_MOST (UINT64_C(64) << 10)
#define SHARE      20u /* a twentieth of the growth deserves a cause */

/* The effect of all sites of one place. */
struct place {
	uint32_t site; /* the site with most maps */
	uint64_t most;
	uint64_t live;
	struct vmt_rec_counters counters;
	struct vmt_rec_counters made; /* without sites that merge more than they make */
};

/* Returns for each place how many of its maps show none of the patterns in `mentioned`; NULL without memory. */
static uint64_t *count_unmentioned(const struct vmt_explain_record *record, uint64_t mentioned)
{
	uint32_t sites = record->explain.facts.sites;
	uint64_t *unmentioned = calloc((size_t)sites + 1, sizeof(*unmentioned));

	for (size_t i = 0; unmentioned && i < record->count; i++) {
		const struct vmt_explain_map *map = &record->map[i];

		if (map->put_by < sites && map->put_by >= VMT_SITE_FIRST &&
		    !(map->shows & mentioned))
			unmentioned[vmt_explain_record_place(record, map->put_by)]++;
	}
	return unmentioned;
}

static void add_site(struct place *sum, uint32_t index, const struct vmt_rec_site *site,
		     uint64_t live)
{
	const struct vmt_rec_counters *counters = &site->counters;

	sum->live += live;
	vmt_view_add(&sum->counters, counters);
	/* What these merge again, others of the place have made: it is given back. */
	if (counters->merged <= counters->created + counters->split)
		vmt_view_add(&sum->made, counters);
	if (sum->site != VMT_NO_INDEX && live <= sum->most)
		return;
	sum->site = index;
	sum->most = live;
}

static bool sum_place(const struct vmt_explain_record *record, uint32_t place, struct place *ret)
{
	uint32_t sites = record->explain.facts.sites;
	uint64_t *live = calloc((size_t)sites + 1, sizeof(*live));
	struct vmt_rec_site site;

	*ret = (struct place){ .site = VMT_NO_INDEX };
	for (size_t i = 0; live && i < record->count; i++) {
		if (record->map[i].put_by < sites)
			live[record->map[i].put_by]++;
	}
	for (uint32_t i = VMT_SITE_FIRST; live && i < sites; i++) {
		if (vmt_explain_record_place(record, i) == place &&
		    vmt_view_site(record->view, i, &site))
			add_site(ret, i, &site, live[i]);
	}
	free(live);
	return ret->site != VMT_NO_INDEX;
}

static void put_part(char *text, size_t size, const struct vmt_report_per_call *per_call)
{
	uint64_t percent = per_call->given_back * 100 / (per_call->made ? per_call->made : 1);

	if (percent < 1)
		snprintf(text, size, ", %s given back",
			 per_call->given_back ? "nearly none" : "none");
	else
		snprintf(text, size, ", %llu %% given back", (unsigned long long)percent);
}

/* Do maps of one of the place's sites leak? It may be another than the largest. */
static bool has_leaking_site(const struct vmt_explain_record *record, uint32_t place, uint64_t now)
{
	struct vmt_curve curve;
	struct vmt_rec_site site;

	for (uint32_t i = VMT_SITE_FIRST; i < record->explain.facts.sites; i++) {
		if (vmt_explain_record_place(record, i) == place &&
		    vmt_view_site(record->view, i, &site) && site.live >= VMT_TREND_SMALL &&
		    vmt_report_site_trend(record->view, i, site.live, now, &curve) &&
		    curve.trend == VMT_TREND_LEAK)
			return true;
	}
	return false;
}

/* Have the maps of the place's largest site stopped growing, while those of others leak? */
static const char *course_beside_leak(const struct vmt_explain_record *record, enum vmt_trend trend,
				      const struct place *place, uint64_t now)
{
	struct vmt_curve curve;

	if (trend != VMT_TREND_LEAK ||
	    !vmt_report_site_trend(record->view, place->site, place->most, now, &curve) ||
	    curve.trend != VMT_TREND_PLATEAU)
		return NULL;
	return has_leaking_site(record, vmt_explain_record_place(record, place->site), now) ?
		       ", a leak by one caller, a plateau by others" :
		       ", a plateau";
}

/*
 * That nothing is given back is a sign of a leak where the count rose for long, to the limit, or with
 * each of many calls. Otherwise it may be a start-up, or have reached a plateau.
 */
static bool may_be_leak(const struct vmt_view *view, enum vmt_trend trend,
			const struct vmt_report_per_call *per_call)
{
	return vmt_report_is_limit_reached(view) || trend == VMT_TREND_LEAK ||
	       (trend != VMT_TREND_NONE && vmt_report_work(per_call, trend) == VMT_WORK_STEADY);
}

const char *vmt_cause_plain_given_back(void *context, uint32_t site, char *text, size_t size)
{
	const struct vmt_explain_record *record = context;
	struct vmt_curve whole = { .trend = VMT_TREND_NONE };
	struct vmt_report_per_call per_call;
	struct place place;
	const char *course;
	uint64_t now;

	text[0] = '\0';
	if (site < VMT_SITE_FIRST || site >= record->explain.facts.sites ||
	    !sum_place(record, vmt_explain_record_place(record, site), &place) ||
	    !vmt_report_per_call(&place.made, place.live, &per_call) ||
	    !vmt_report_is_worth_telling(&per_call))
		return text;
	if (!per_call.is_unsure)
		put_part(text, size, &per_call);
	now = vmt_liveness_clock(record->view);
	if (!vmt_report_trend_before(record->view, now, 0, &whole))
		whole.trend = VMT_TREND_NONE;
	course = course_beside_leak(record, whole.trend, &place, now);
	if (course)
		snprintf(text + strlen(text), size - strlen(text), "%s", course);
	else if (!per_call.given_back && !per_call.is_unsure &&
		 may_be_leak(record->view, whole.trend, &per_call))
		snprintf(text, size, ", none given back (a leak, unless all are in use)");
	return text;
}

/* Returns a map that the place put, and that shows none of the patterns in `mentioned`. */
static const struct vmt_explain_map *example_of(const struct vmt_explain_record *record,
						uint32_t place, uint64_t mentioned)
{
	for (size_t i = 0; i < record->count; i++) {
		const struct vmt_explain_map *map = &record->map[i];

		if (map->put_by < record->explain.facts.sites && map->put_by >= VMT_SITE_FIRST &&
		    vmt_explain_record_place(record, map->put_by) == place &&
		    !(map->shows & mentioned))
			return map;
	}
	return NULL;
}

static bool is_cut(const struct vmt_explain_map *map)
{
	return map->mapped_by != map->put_by && map->put_call != VMT_CALL_MMAP &&
	       map->put_call != VMT_CALL_BRK && map->put_call != VMT_CALL_SHMAT;
}

static bool is_guard_left(const struct vmt_explain_record *record, size_t i)
{
	const struct vmt_explain_map *map = &record->map[i];
	bool below = i > 0 && vmt_explain_touch(map - 1, map) && map[-1].flags & VMT_MAP_ACCESS;
	bool above = i + 1 < record->count && vmt_explain_touch(map, map + 1) &&
		     map[1].flags & VMT_MAP_ACCESS;

	return !(map->flags & VMT_MAP_ACCESS) && vmt_explain_is_anonymous(map) && !below &&
	       !above && map->end - map->start <= GUARD_MOST;
}

/* Has munmap removed, or cut out, about as many maps as there are such guards? */
static bool has_unmapped(const struct vmt_explain_record *record, uint64_t guards)
{
	struct vmt_rec_counters counters;

	return vmt_view_call(record->view, VMT_CALL_MUNMAP, &counters) &&
	       counters.removed + counters.split >= guards - guards / 4;
}

/*
 * Are most of these maps guards with nothing beside them, because the memory was unmapped and they
 * were forgotten?
 */
static bool are_guards_left(const struct vmt_explain_record *record, uint32_t place, uint64_t maps,
			    uint64_t mentioned)
{
	uint64_t guards = 0;

	for (size_t i = 0; i < record->count; i++) {
		const struct vmt_explain_map *map = &record->map[i];

		guards += map->put_by < record->explain.facts.sites &&
			  map->put_by >= VMT_SITE_FIRST &&
			  vmt_explain_record_place(record, map->put_by) == place &&
			  !(map->shows & mentioned) && is_guard_left(record, i);
	}
	return guards > maps - maps / 4 && has_unmapped(record, guards);
}

/* Has the file of a map code, in this map or another? */
static bool has_code(const struct vmt_explain_record *record, const struct vmt_explain_map *map)
{
	for (size_t i = 0; i < record->count; i++) {
		const struct vmt_explain_map *other = &record->map[i];

		if (other->inode == map->inode && other->dev_major == map->dev_major &&
		    other->dev_minor == map->dev_minor && other->flags & VMT_MAP_EXEC)
			return true;
	}
	return false;
}

static const char *maps_of(const struct vmt_explain_record *record,
			   const struct vmt_explain_map *map)
{
	/* Libraries that were loaded have a cause of their own. */
	if (map->kind == VMT_KIND_LIBRARY)
		return "parts of a file with code";
	if (!vmt_explain_is_memfd(map))
		return vmt_explain_kind_plain(map);
	return has_code(record, map) ? "parts of a file with code in memory (memfd)" :
				       "files in memory (memfd)";
}

/* "maps of a file", "pieces cut from what mmap in f a.c:7 mapped" */
static void put_what(struct vmt_explain_record *record, const struct vmt_explain_map *map,
		     char *text, size_t size)
{
	char by[256] = "";

	if (!is_cut(map)) {
		snprintf(text, size, "maps of %s", maps_of(record, map));
		return;
	}
	if (map->mapped_by != VMT_NO_INDEX)
		vmt_explain_record_site(record, map->mapped_by, by, sizeof(by));
	snprintf(text, size, "pieces cut from %s%s%s", *by ? "what " : "earlier maps",
		 *by ? by : "", *by ? " mapped" : "");
}

static void put_for_each(char *text, size_t size, const struct place *place)
{
	struct vmt_report_per_call per_call;
	size_t n;

	text[0] = '\0';
	if (!vmt_report_per_call(&place->made, place->live, &per_call) ||
	    !vmt_report_is_worth_telling(&per_call))
		return;
	n = (size_t)snprintf(text, size, ", %.2f for each call",
			     (double)per_call.made / (double)per_call.calls);
	put_part(text + n, size - n, &per_call);
}

static void put_plain_help(struct vmt_lines *lines, const struct vmt_explain_map *map,
			   const struct place *place)
{
	if (vmt_explain_is_grown_down(map))
		vmt_lines_add(lines, 10,
			      "  help    unmap them when they are no longer used; without "
			      "MAP_GROWSDOWN, neighbours become one map");
	else if (is_cut(map) && map->put_call == VMT_CALL_MREMAP)
		vmt_lines_add(lines, 10,
			      "  help    copy in place of moving, or move larger pieces");
	else if (is_cut(map))
		vmt_lines_add(lines, 10, "  help    cut larger pieces, or the whole range at once");
	else if (place->counters.calls > VMT_CAUSE_ENOUGH)
		vmt_lines_add(lines, 10,
			      "  help    unmap them when they are no longer used, or use parts of "
			      "one larger map");
}

static void put_plain(struct vmt_lines *lines, struct vmt_explain_record *record, uint32_t index,
		      uint64_t maps, const struct vmt_cause_told *told, const char *start)
{
	const struct vmt_explain_map *map = example_of(record, index, told->mentioned);
	char what[400], each[96], by[416];
	struct vmt_number number, count;
	size_t before = lines->count, first = before;
	struct place place;
	bool is_left;

	if (!map || !sum_place(record, index, &place))
		return;
	put_what(record, map, what, sizeof(what));
	put_for_each(each, sizeof(each), &place);
	is_left = are_guards_left(record, index, maps, told->mentioned);
	if (is_left) {
		snprintf(what, sizeof(what),
			 "guards (PROT_NONE) left mapped when the memory beside them was unmapped");
		each[0] = '\0';
	}
	vmt_cause_site_of(record, place.site, 0, by, sizeof(by));
	vmt_lines_add(lines, 10, "%s%s%s: %s of %s maps, by %s", start, what, each,
		      vmt_lines_number(&number, maps), vmt_lines_number(&count, record->count), by);
	vmt_lines_end_item(lines, &before, vmt_cause_room(told->causes, VMT_EXPLAIN_CAUSES));
	if (before == first)
		return;
	if (is_left)
		vmt_lines_add(lines, 10,
			      "  help    unmap guards together with the memory between them");
	else
		put_plain_help(lines, map, &place);
	vmt_lines_end_item(lines, &before, vmt_cause_room(told->causes, VMT_EXPLAIN_LEAD));
}

static bool is_loaded(const struct vmt_explain_record *record, const struct vmt_explain_map *map)
{
	return map->kind == VMT_KIND_LIBRARY && map->is_loaders &&
	       map->put_by < record->explain.facts.sites;
}

/* Libraries are mapped from their beginning. */
static bool has_loaded_library(const struct vmt_explain_record *record)
{
	for (size_t i = 0; i < record->count; i++) {
		if (is_loaded(record, &record->map[i]) && record->map[i].inode &&
		    !record->map[i].offset)
			return true;
	}
	return false;
}

/* The loader makes several maps of each library by several calls, and all have one cause. */
static void mark_libraries(struct vmt_explain_record *record)
{
	for (size_t i = 0; i < record->count; i++) {
		if (is_loaded(record, &record->map[i]))
			record->map[i].shows |= VMT_SHOWS_LIBRARY;
	}
}

static void put_libraries(struct vmt_lines *lines, struct vmt_explain_record *record,
			  uint32_t index, const struct vmt_cause_told *told, const char *start)
{
	struct vmt_number number, count, files;
	uint64_t maps = 0, libraries = 0;
	size_t before = lines->count, first = before;
	struct place place;
	char by[256];

	for (size_t i = 0; i < record->count; i++) {
		if (!is_loaded(record, &record->map[i]))
			continue;
		maps++;
		libraries += record->map[i].inode && !record->map[i].offset;
	}
	if (!sum_place(record, index, &place))
		return;
	vmt_explain_record_site(record, place.site, by, sizeof(by));
	vmt_lines_add(lines, 10,
		      "%slibraries that %s (dlopen), %s of them: %s of %s maps, most by %s", start,
		      place.counters.calls ? "were loaded while it ran" :
					     "its parent had loaded before the fork",
		      vmt_lines_number(&files, libraries), vmt_lines_number(&number, maps),
		      vmt_lines_number(&count, record->count), by);
	vmt_lines_end_item(lines, &before, vmt_cause_room(told->causes, VMT_EXPLAIN_CAUSES));
	if (before == first)
		return;
	if (libraries > VMT_CAUSE_ENOUGH && place.counters.calls)
		vmt_lines_add(lines, 10,
			      "  help    close those that are no longer used (dlclose), or link "
			      "several into one");
	vmt_lines_end_item(lines, &before, vmt_cause_room(told->causes, VMT_EXPLAIN_LEAD));
}

static uint32_t greatest(const uint64_t *unmentioned, uint32_t sites)
{
	uint32_t best = 0;

	for (uint32_t i = 1; i < sites; i++)
		best = unmentioned[i] > unmentioned[best] ? i : best;
	return best;
}

uint64_t vmt_cause_plain_most(const struct vmt_explain_record *record, uint64_t mentioned)
{
	uint64_t *unmentioned = count_unmentioned(record, mentioned);
	uint64_t most =
		unmentioned ? unmentioned[greatest(unmentioned, record->explain.facts.sites)] : 0;

	free(unmentioned);
	return most;
}

/* Returns the pattern that most of the place's remaining maps show. */
static const struct vmt_explain_pattern *pattern_of(const struct vmt_explain_record *record,
						    uint32_t place, uint64_t maps,
						    uint64_t mentioned)
{
	const struct vmt_explain *explain = &record->explain;

	for (size_t p = 0; p < explain->pattern_count; p++) {
		uint64_t bit = UINT64_C(1) << explain->patterns[p].pattern;
		uint64_t shown = 0;

		for (size_t i = 0; !(mentioned & bit) && i < record->count; i++) {
			const struct vmt_explain_map *map = &record->map[i];

			shown += map->put_by < explain->facts.sites && map->shows & bit &&
				 !(map->shows & mentioned) &&
				 vmt_explain_record_place(record, map->put_by) == place;
		}
		if (shown > maps / 2)
			return &explain->patterns[p];
	}
	return NULL;
}

/*
 * Returns the place with most maps that neither a pattern nor an earlier plain cause covers.
 */
static uint32_t next_place(const struct vmt_explain_record *record,
			   const struct vmt_cause_told *told, uint64_t *ret_maps)
{
	uint64_t *unmentioned = count_unmentioned(record, told->mentioned);
	uint32_t place = 0;

	*ret_maps = 0;
	for (unsigned i = 0; unmentioned && i < told->count; i++)
		unmentioned[told->place[i]] = 0;
	if (unmentioned) {
		place = greatest(unmentioned, record->explain.facts.sites);
		*ret_maps = unmentioned[place];
	}
	free(unmentioned);
	return place;
}

static void put_place(struct vmt_lines *lines, struct vmt_explain_record *record,
		      const struct vmt_cause_names *names, struct vmt_cause_told *told,
		      const char *start, uint64_t maps)
{
	uint32_t place = told->place[told->count - 1];
	const struct vmt_explain_pattern *pattern =
		pattern_of(record, place, maps, told->mentioned);
	const struct vmt_explain_map *map = example_of(record, place, told->mentioned);
	size_t before = lines->count;

	if (pattern) {
		vmt_cause_lead_pattern(lines, &record->explain, pattern, names, start,
				       told->causes);
		told->mentioned |= UINT64_C(1) << pattern->pattern;
	} else if (map && is_loaded(record, map) && has_loaded_library(record)) {
		put_libraries(lines, record, place, told, start);
		told->mentioned |= VMT_SHOWS_LIBRARY;
	} else {
		put_plain(lines, record, place, maps, told, start);
	}
	told->causes += lines->count > before;
}

bool vmt_cause_plain(struct vmt_lines *lines, struct vmt_explain_record *record,
		     const struct vmt_cause_names *names, struct vmt_cause_told *told,
		     const char *start)
{
	uint64_t maps_start = record->view->header.maps_start, maps;
	uint64_t growth = record->count > maps_start ? record->count - maps_start : 0;

	if (!growth || told->count == VMT_CAUSE_PLACES)
		return false;
	if (!told->count)
		mark_libraries(record);
	told->place[told->count++] = next_place(record, told, &maps);
	if (maps < VMT_EXPLAIN_LEAST || maps <= growth / SHARE)
		return false;
	put_place(lines, record, names, told, start, maps);
	return true;
}
