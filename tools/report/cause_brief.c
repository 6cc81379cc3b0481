/* SPDX-License-Identifier: MIT */
/*
 * The explanation in a report: first, at the top of the first screen, the cause and what would
 * help; further down what the maps are, why neighbours do not merge, and what they cost. At most
 * ten lines together. Part of cause_text.h.
 */
#include "core/report/report.h"
#include "report/cause_parts.h"
#include "report/cause_text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FEW_MAPS   100u /* with fewer maps, a report does not say what they are */
#define KINDS_ROOM 104u /* bytes that fit into two lines after "  kinds   " */

static const char *site_of(const struct vmt_cause_names *names, uint32_t site, uint64_t shown,
			   char *text, size_t size)
{
	text[0] = '\0';
	if (names && names->site && site != VMT_NO_INDEX)
		return names->site(names->context, site, shown, text, size);
	return text;
}

/*
 * ", by mmap in main app.c:7" if nearly all was made there; otherwise with the share. shown: a bit for
 * the pattern.
 */
static const char *by_whom(const struct vmt_cause_names *names,
			   const struct vmt_explain_share *share, uint64_t shown, const char *start,
			   char *text, size_t size)
{
	char site[416];

	site_of(names, share->site, shown, site, sizeof(site));
	text[0] = '\0';
	if (!*site)
		return text;
	if (share->part >= share->all - share->all / 10)
		snprintf(text, size, "%sby %s", start, site);
	else if (share->part > share->all / 2)
		snprintf(text, size, "%smostly by %s", start, site);
	else
		snprintf(text, size, "%s%llu %% of them by %s", start,
			 (unsigned long long)vmt_report_percent(share->part, share->all), site);
	return text;
}

static size_t put_kind(char *text, size_t size, const struct vmt_explain_kind *kind)
{
	struct vmt_number number;

	return (size_t)snprintf(text, size, "%s %.20s%s%s%.40s%s",
				vmt_lines_number(&number, kind->maps),
				vmt_explain_kind_word(kind->kind),
				vmt_cause_plural(kind->kind, kind->maps), kind->detail ? " (" : "",
				kind->detail ? kind->detail : "", kind->detail ? ")" : "");
}

/* The kinds with most maps, as many as fit into two lines; the others are counted. */
static void put_kinds_line(struct vmt_lines *lines, const struct vmt_explain *explain,
			   bool is_after_peak)
{
	struct vmt_number number;
	const char *start = is_after_peak ? "still there: " : "";
	char text[512], one[128];
	size_t used = 0, shown = 0, room = KINDS_ROOM - strlen(start);
	uint64_t rest = explain->count;

	for (; shown < explain->kind_count; shown++) {
		size_t n = put_kind(one, sizeof(one), &explain->kinds[shown]);

		if (shown && used + n + 2 > room)
			break;
		used += (size_t)snprintf(text + used, sizeof(text) - used, "%s%s",
					 shown ? ", " : "", one);
		rest -= explain->kinds[shown].maps;
	}
	if (shown < explain->kind_count)
		snprintf(text + used, sizeof(text) - used, ", %s other%s",
			 vmt_lines_number(&number, rest), rest == 1 ? "" : "s");
	vmt_lines_add(lines, 10, "  kinds   %s%s", start, text);
}

static struct vmt_explain_share share_of(const struct vmt_explain *explain, enum vmt_apart why)
{
	uint64_t *by_site = vmt_explain_by_site(&explain->facts);
	struct vmt_explain_share share;

	for (size_t i = 0; i < explain->pairs_count; i++) {
		if (explain->pairs[i].why == why)
			vmt_explain_count_site(by_site, &explain->facts, explain->pairs[i].site,
					       explain->pairs[i].pairs);
	}
	share = vmt_explain_share_of(by_site, &explain->facts);
	free(by_site);
	return share;
}

static void put_reason_line(struct vmt_lines *lines, const struct vmt_explain *explain,
			    const struct vmt_cause_reason *reason,
			    const struct vmt_cause_names *names)
{
	struct vmt_explain_share share = share_of(explain, reason->top->why);
	struct vmt_number number;
	char text[256], by[480];

	by_whom(names, &share, 0, "; cut ", by, sizeof(by));
	vmt_cause_put_reason(text, sizeof(text), explain, reason, *by != '\0');
	vmt_lines_add(lines, 10, "  apart   %s touching pairs %s%s",
		      vmt_lines_number(&number, reason->pairs), text, by);
}

/* For these patterns, it matters most whether the maps are ever given back. */
static bool is_to_be_unmapped(enum vmt_pattern pattern)
{
	return pattern == VMT_PATTERN_VIEWS || pattern == VMT_PATTERN_AGAIN ||
	       pattern == VMT_PATTERN_DEVICES || pattern == VMT_PATTERN_HUGE_FILES ||
	       pattern == VMT_PATTERN_FILES || pattern == VMT_PATTERN_SHARED ||
	       pattern == VMT_PATTERN_DELETED || pattern == VMT_PATTERN_PIECES ||
	       pattern == VMT_PATTERN_HEADERS || pattern == VMT_PATTERN_GUARDS;
}

/* ", none given back (...)" of the calls at the site; "" if it is not known. */
static const char *part_given_back(const struct vmt_cause_names *names, uint32_t site, char *text,
				   size_t size)
{
	text[0] = '\0';
	if (names && names->given_back && site != VMT_NO_INDEX)
		names->given_back(names->context, site, text, size);
	return text;
}

static void put_cause(struct vmt_lines *lines, const char *start, const struct vmt_explain *explain,
		      const struct vmt_explain_pattern *pattern,
		      const struct vmt_cause_names *names)
{
	struct vmt_number count, maps;
	char by[480], guards[480], given_back[96] = "";
	bool is_of_all; /* the share is that of the line, whoever called it */

	by_whom(names, &pattern->by, UINT64_C(1) << pattern->pattern, ", ", by, sizeof(by));
	by_whom(names, &pattern->guards, 0, ", the guards ", guards, sizeof(guards));
	if (is_to_be_unmapped(pattern->pattern))
		part_given_back(names, pattern->by.site, given_back, sizeof(given_back));
	is_of_all = strstr(by, " called by ") && strchr(given_back, '%');
	vmt_lines_add(lines, 10, "%s%s: %s of %s maps%s%s%s%s%s", start,
		      vmt_explain_pattern_word(explain, pattern->pattern),
		      vmt_lines_number(&maps, pattern->maps),
		      vmt_lines_number(&count, explain->count), by, guards,
		      is_of_all ? " (with its other callers" : "", given_back,
		      is_of_all ? ")" : "");
}

static void put_help(struct vmt_lines *lines, const char *start, const struct vmt_explain *explain,
		     const struct vmt_explain_pattern *pattern, const struct vmt_cause_names *names)
{
	const char *remedy = vmt_explain_remedy(explain, pattern->pattern);
	struct vmt_number saves;
	char beside[416];

	site_of(names, pattern->beside, 0, beside, sizeof(beside));
	if (pattern->is_open)
		vmt_lines_add(lines, 10, "%s%s", start, remedy);
	else
		vmt_lines_add(
			lines, 10, "%s-%s map%s: %s%s%s%s", start,
			vmt_lines_number(&saves, pattern->saves), pattern->saves == 1 ? "" : "s",
			remedy, *beside ? "; if " : "", beside,
			*beside ? " cuts at the same places, only both together save so many" : "");
}

/* Pieces that no pattern explains, such as heaps of garbage collectors. */
static void put_alone(struct vmt_lines *lines, const struct vmt_explain *explain,
		      const struct vmt_cause_names *names)
{
	struct vmt_number maps, count, alike, size;
	char by[480], given_back[96];

	vmt_lines_add(
		lines, 10, VMT_CAUSE_FIRST "%s: %s of %s maps (%s of %s)%s%s",
		vmt_explain_alone_word(explain), vmt_lines_number(&maps, explain->alone),
		vmt_lines_number(&count, explain->count),
		vmt_lines_number(&alike, explain->alone_alike),
		vmt_lines_number_bytes(&size, explain->alone_size),
		by_whom(names, &explain->alone_by, VMT_SHOWS_ALONE, ", ", by, sizeof(by)),
		part_given_back(names, explain->alone_by.site, given_back, sizeof(given_back)));
	vmt_lines_add(lines, 10, "  help    %s", vmt_explain_alone_remedy(explain));
}

static void put_holes(struct vmt_lines *lines, const struct vmt_explain *explain,
		      const struct vmt_cause_names *names)
{
	struct vmt_number punched, size;
	uint64_t small = explain->punched_small;
	char by[480], average[64] = "";

	if (small > explain->holes_punched / 2)
		snprintf(average, sizeof(average), ", %s on average",
			 vmt_lines_number_bytes(&size, explain->punched_small_bytes / small));
	vmt_lines_add(lines, 10, "  holes   %s punched by munmap%s%s",
		      vmt_lines_number(&punched, explain->holes_punched), average,
		      by_whom(names, &explain->punched_by, 0, ", ", by, sizeof(by)));
}

static bool has_second(const struct vmt_explain *explain)
{
	return explain->pattern_count > 1 && vmt_explain_weight(&explain->patterns[1]) >=
						     vmt_explain_weight(&explain->patterns[0]) / 2;
}

const struct vmt_explain_pattern *vmt_cause_second(const struct vmt_explain *explain,
						   uint64_t mentioned)
{
	bool is_first =
		explain->pattern_count && mentioned == UINT64_C(1) << explain->patterns[0].pattern;

	return is_first && has_second(explain) ? &explain->patterns[1] : NULL;
}

void vmt_cause_lead_pattern(struct vmt_lines *lines, const struct vmt_explain *explain,
			    const struct vmt_explain_pattern *pattern,
			    const struct vmt_cause_names *names, const char *start, unsigned causes)
{
	size_t before = lines->count, first = before;

	put_cause(lines, start, explain, pattern, names);
	vmt_lines_end_item(lines, &before, vmt_cause_room(causes, VMT_EXPLAIN_CAUSES));
	if (before == first)
		return;
	put_help(lines, "  help    ", explain, pattern, names);
	vmt_lines_end_item(lines, &before, vmt_cause_room(causes, VMT_EXPLAIN_LEAD));
}

/* Returns whether there was room for both causes and what helps against the first. */
static bool put_two(struct vmt_lines *lines, const struct vmt_explain *explain,
		    const struct vmt_cause_names *names)
{
	const struct vmt_explain_pattern *top = explain->patterns;
	size_t before = lines->count, start = before;

	put_cause(lines, VMT_CAUSE_FIRST, explain, top, names);
	put_cause(lines, VMT_CAUSE_NEXT, explain, top + 1, names);
	put_help(lines, "  help    ", explain, top, names);
	vmt_lines_end_item(lines, &before, VMT_EXPLAIN_LEAD);
	if (before == start)
		return false;
	/* The same word as before the second cause shows that it helps against that one. */
	put_help(lines, VMT_CAUSE_NEXT, explain, top + 1, names);
	return true;
}

uint64_t vmt_cause_lead(struct vmt_lines *lines, const struct vmt_explain *explain,
			const struct vmt_cause_names *names)
{
	const struct vmt_explain_pattern *top = explain->patterns;

	if (vmt_explain_is_mostly_alone(explain)) {
		put_alone(lines, explain, names);
		return VMT_SHOWS_ALONE;
	}
	if (!explain->pattern_count)
		return 0;
	if (has_second(explain) && put_two(lines, explain, names))
		return UINT64_C(1) << top->pattern | UINT64_C(1) << top[1].pattern;
	vmt_cause_lead_pattern(lines, explain, top, names, VMT_CAUSE_FIRST, 0);
	return UINT64_C(1) << top->pattern;
}

void vmt_cause_brief(struct vmt_lines *lines, const struct vmt_explain *explain,
		     const struct vmt_cause_names *names, bool is_after_peak)
{
	size_t cost = explain->count >= VMT_EXPLAIN_COSTLY ? 2 : 0;
	size_t most = VMT_EXPLAIN_LINES - cost, before;
	struct vmt_cause_reason reasons[VMT_APART_COUNT];
	const struct vmt_cause_reason *reason;

	if (explain->count < FEW_MAPS && !explain->pattern_count)
		return;
	put_kinds_line(lines, explain, is_after_peak);
	before = lines->count;
	vmt_cause_sum_reasons(explain, reasons);
	reason = vmt_cause_next_reason(reasons, NULL);
	if (reason && reason->pairs >= VMT_EXPLAIN_LEAST)
		put_reason_line(lines, explain, reason, names);
	vmt_lines_end_item(lines, &before, most);
	if (explain->holes_punched >= VMT_EXPLAIN_LEAST)
		put_holes(lines, explain, names);
	vmt_lines_end_item(lines, &before, most);
	if (cost)
		vmt_cause_put_cost(lines, "  cost    ", explain->count);
	vmt_lines_end_item(lines, &before, VMT_EXPLAIN_LINES);
}
