/* SPDX-License-Identifier: MIT */
/* Puts the lead of a report together; see cause_lead.h. */
#include "report/cause_plain.h"
#include "report/cause_lead.h"
#include "report/cause_leak.h"
#include "report/cause_parts.h"
#include "report/cause_peak.h"
#include "report/cause_text.h"

#include <stdlib.h>

static bool is_small(const struct vmt_explain_record *record)
{
	const struct vmt_explain_pattern *top = record->explain.patterns;

	return record->explain.pattern_count && !vmt_explain_is_mostly_alone(&record->explain) &&
	       vmt_cause_plain_most(record, UINT64_C(1) << top->pattern) > top->maps;
}

static uint64_t size_of(const struct vmt_explain_map *map)
{
	return map->end - map->start;
}

/* Patterns whose remedy needs fewer addresses, not just fewer maps. */
#define PATTERNS_OF_ADDRESSES                                              \
	(UINT64_C(1) << VMT_PATTERN_RESERVED | 1u << VMT_PATTERN_ARENAS |  \
	 1u << VMT_PATTERN_ARENA_HEAPS | 1u << VMT_PATTERN_ENDED_THREADS | \
	 1u << VMT_PATTERN_THREADS)

/* Does the first pattern hold most addresses, and save some? */
static bool is_told_by_pattern(const struct vmt_explain_record *record, uint64_t bytes)
{
	const struct vmt_explain *explain = &record->explain;
	uint64_t bit = explain->pattern_count ? UINT64_C(1) << explain->patterns[0].pattern : 0;
	uint64_t of_pattern = 0;

	for (size_t i = 0; bit & PATTERNS_OF_ADDRESSES && i < record->count; i++)
		of_pattern += record->map[i].shows & bit ? size_of(&record->map[i]) : 0;
	return of_pattern > bytes / 2;
}

#define MANY_CALLS  16u /* what is mapped in fewer was mapped once for all, such as a heap */
#define LEAST_SHARE 8u /* an eighth of the addresses, held by many calls, is named first */

static bool has_many_calls(const struct vmt_explain_record *record, uint32_t index)
{
	struct vmt_rec_site site;

	return vmt_view_site(record->view, index, &site) && site.counters.calls >= MANY_CALLS;
}

/* The bytes of each site, or of those alone that map in many calls; free() the result. */
static uint64_t *read_bytes(const struct vmt_explain_record *record, bool many, uint64_t *ret_all)
{
	const struct vmt_explain_facts *facts = &record->explain.facts;
	uint64_t *by_site = vmt_explain_by_site(facts);

	*ret_all = 0;
	for (size_t i = 0; i < record->count; i++) {
		const struct vmt_explain_map *map = &record->map[i];

		*ret_all += size_of(map);
		if (map->mapped_by >= VMT_SITE_FIRST &&
		    (!many || has_many_calls(record, map->mapped_by)))
			vmt_explain_count_site(by_site, facts, map->mapped_by, size_of(map));
	}
	return by_site;
}

static void put_holder(struct vmt_lines *lines, struct vmt_explain_record *record,
		       const struct vmt_explain_share *held, const uint64_t *by_site, uint64_t all)
{
	struct vmt_number part, whole;
	char by[416];

	vmt_cause_put_site(by, sizeof(by), record, held->site, by_site);
	vmt_lines_add(lines, 10, VMT_CAUSE_FIRST "addresses, not maps: %s of %s, by %s",
		      vmt_lines_number_bytes(&part, held->part),
		      vmt_lines_number_bytes(&whole, all), by);
	vmt_lines_add(lines, 10,
		      "  help    unmap what is no longer used there, or map less; the limit "
		      "(ulimit -v) counts all addresses, used or not");
}

/* What was mapped once for all did not grow up to the limit, but leaves less room. */
static void put_once(struct vmt_lines *lines, struct vmt_explain_record *record,
		     const struct vmt_explain_share *held, const uint64_t *by_site)
{
	struct vmt_number part;
	char by[416];

	vmt_cause_put_site(by, sizeof(by), record, held->site, by_site);
	vmt_lines_add(lines, 10, VMT_CAUSE_NEXT "%s that a few calls mapped, by %s",
		      vmt_lines_number_bytes(&part, held->part), by);
}

/*
 * Where a call failed for the limit of addresses, maps are not what ran out. Returns whether it told who
 * holds the addresses.
 */
static bool put_addresses(struct vmt_lines *lines, struct vmt_explain_record *record)
{
	const struct vmt_explain_facts *facts = &record->explain.facts;
	uint64_t all;
	uint64_t *by_site = read_bytes(record, false, &all);
	uint64_t *by_many = read_bytes(record, true, &all);
	struct vmt_explain_share held = vmt_explain_share_of(by_site, facts);
	struct vmt_explain_share grown = vmt_explain_share_of(by_many, facts);
	bool has_grown = grown.part >= all / LEAST_SHARE && grown.part < held.part;
	bool is_told = held.part && !is_told_by_pattern(record, all);

	if (is_told && has_grown) {
		put_holder(lines, record, &grown, by_many, all);
		put_once(lines, record, &held, by_site);
	} else if (is_told) {
		put_holder(lines, record, &held, by_site, all);
	}
	free(by_many);
	free(by_site);
	return is_told;
}

/* A higher limit of maps does not help where only addresses ran out. */
static void put_limit(struct vmt_lines *lines, const struct vmt_explain_record *record)
{
	const struct vmt_rec_header *header = &record->view->header;

	if (record->explain.facts.is_over_rlimit && !vmt_report_is_limit_reached(record->view))
		return;
	vmt_cause_put_limit(lines, "  for now ", header->maps_peak + header->maps_own,
			    header->maps_limit);
}

static void put_second(struct vmt_lines *lines, const struct vmt_explain_record *record,
		       const struct vmt_cause_names *names, struct vmt_cause_told *told,
		       const char *start)
{
	const struct vmt_explain_pattern *second =
		told->causes == 1 ? vmt_cause_second(&record->explain, told->mentioned) : NULL;

	if (!second)
		return;
	vmt_cause_lead_pattern(lines, &record->explain, second, names, start, told->causes++);
	told->mentioned |= UINT64_C(1) << second->pattern;
}

/*
 * The first two causes, what helps, and what helps for now always have their lines, whatever leak comes
 * before them; further causes have those that are left. A pattern comes first, unless one place holds
 * more maps than show the pattern.
 */
static void put_causes(struct vmt_lines *lines, struct vmt_explain_record *record,
		       const struct vmt_cause_names *names)
{
	struct vmt_cause_told told = { .count = 0 };
	bool has_addresses = record->explain.facts.is_over_rlimit && put_addresses(lines, record);
	bool has_cause =
		has_addresses ||
		(is_small(record) && vmt_cause_plain(lines, record, names, &told, VMT_CAUSE_FIRST));
	const char *start;
	size_t before;

	if (has_addresses)
		told.causes = 1;
	if (!has_cause) {
		told.count = 0;
		told.mentioned = vmt_cause_lead(lines, &record->explain, names);
		told.causes = (unsigned)__builtin_popcountll(told.mentioned);
		if (!told.mentioned)
			vmt_cause_plain(lines, record, names, &told, VMT_CAUSE_FIRST);
	}
	before = lines->count;
	put_limit(lines, record);
	start = lines->count > before || has_addresses ? VMT_CAUSE_ALSO : VMT_CAUSE_NEXT;
	put_second(lines, record, names, &told, start);
	while (vmt_cause_plain(lines, record, names, &told, start))
		;
}

size_t vmt_cause_lead_lines(struct vmt_lines *lines, struct vmt_explain_record *record,
			    uint64_t now, uint64_t torn_down, const char *part)
{
	struct vmt_cause_names names = { vmt_cause_site_of, vmt_cause_plain_given_back, record };
	bool is_after_peak, has_leak, is_leak;
	size_t lead, told;

	if (vmt_explain_record_lacks_maps(record))
		return 0;
	is_leak = vmt_cause_leak(lines, record, now, torn_down);
	has_leak = lines->count > 0;
	told = lines->count;
	if (!has_leak)
		vmt_cause_kept(lines, record, torn_down);
	is_after_peak = vmt_cause_peak_lead(lines, record);
	if (is_after_peak && !has_leak)
		vmt_cause_left(lines, record);
	if (is_after_peak)
		put_limit(lines, record);
	else
		put_causes(lines, record, &names);
	if (is_leak && !is_after_peak && lines->count > told)
		vmt_lines_add(lines, 10,
			      "  first   give back what leaks: help is for maps that are in use");
	if (part && lines->count)
		vmt_lines_add(lines, 10, "  filter  %s", part);
	lead = lines->count;
	vmt_cause_brief(lines, &record->explain, &names, is_after_peak);
	return lead;
}
