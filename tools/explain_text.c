/* SPDX-License-Identifier: MIT */
/*
 * See explain_text.h. The answer before the evidence, in 80 columns, and nothing that is
 * not known.
 */
#include "explain_text.h"

#include <stdio.h>
#include <string.h>

#define KINDS_SHOWN  8u
#define PAIRS_SHOWN  6u
#define FEW_MAPS     100u	/* of fewer a report need not say what they are */
#define COSTLY_MAPS  1000u
#define SLOW_FAULTS  50000u
#define TOP_FILES    3u
#define NEAR_PERCENT 80u

/* Pairs of one reason, whatever the site. */
struct reason {
	uint64_t pairs;
	uint64_t most;
	const struct vmt_explain_pairs *top;
	bool has_more_details;
};

static void sum_reasons(const struct vmt_explain *explain, struct reason reasons[VMT_APART_COUNT])
{
	memset(reasons, 0, VMT_APART_COUNT * sizeof(*reasons));
	/* Most pairs come first, so the first of a reason is its top. */
	for (size_t i = 0; i < explain->pairs_count; i++) {
		const struct vmt_explain_pairs *pairs = &explain->pairs[i];
		struct reason *reason = &reasons[pairs->why];

		if (!reason->top)
			reason->top = pairs;
		reason->has_more_details |= pairs->detail != reason->top->detail;
		reason->pairs += pairs->pairs;
	}
}

static const struct reason *next_reason(const struct reason reasons[VMT_APART_COUNT],
					const struct reason *last)
{
	const struct reason *best = NULL;

	for (const struct reason *at = reasons; at < reasons + VMT_APART_COUNT; at++) {
		bool is_after = !last || at->pairs < last->pairs ||
				(at->pairs == last->pairs && at > last);

		if (at->pairs && is_after && (!best || at->pairs > best->pairs))
			best = at;
	}
	return best;
}

static const char *site_of(const struct vmt_explain_names *names, uint32_t site, char *text,
			   size_t size)
{
	text[0] = '\0';
	if (names && names->site && site != VMT_NO_INDEX)
		return names->site(names->context, site, text, size);
	return text;
}

/* "differ in protection (rw-p, ---p)"; of several the one that most have. */
static void put_reason(char *text, size_t size, const struct reason *reason)
{
	char detail[160];

	vmt_explain_detail(reason->top->why, reason->top->detail, detail, sizeof(detail));
	snprintf(text, size, "%s%s%s%s%s", vmt_explain_apart_word(reason->top->why),
		 *detail ? " (" : "", *detail && reason->has_more_details ? "mostly " : "", detail,
		 *detail ? ")" : "");
}

static const char *plural(enum vmt_kind kind, uint64_t maps)
{
	if (maps == 1)
		return "";
	switch (kind) {
	case VMT_KIND_THREAD_STACK:
	case VMT_KIND_GUARD:
	case VMT_KIND_FILE:
	case VMT_KIND_DELETED:
	case VMT_KIND_ALLOCATOR: return "s";
	default: return "";
	}
}

static void put_kinds_line(struct vmt_lines *lines, const struct vmt_explain *explain)
{
	char text[1024];
	struct vmt_number number;
	size_t used = 0;

	for (size_t i = 0; i < explain->kind_count && used + 128 < sizeof(text); i++) {
		const struct vmt_explain_kind *kind = &explain->kinds[i];

		used += (size_t)snprintf(text + used, sizeof(text) - used, "%s%s %.20s%s%s%.40s%s",
					 i ? ", " : "", vmt_number(&number, kind->maps),
					 vmt_explain_kind_word(kind->kind),
					 plural(kind->kind, kind->maps),
					 kind->detail ? " (" : "", kind->detail ? kind->detail : "",
					 kind->detail ? ")" : "");
	}
	vmt_lines_add(lines, 10, "  kinds   %s", text);
	vmt_lines_cut(lines, 2);
}

static void put_reason_line(struct vmt_lines *lines, const struct reason *reason,
			    const struct vmt_explain_names *names)
{
	struct vmt_number number;
	char text[256], site[256];

	put_reason(text, sizeof(text), reason);
	site_of(names, reason->top->site, site, sizeof(site));
	vmt_lines_add(lines, 10, "  apart   %s touching pairs %s%s%s",
		      vmt_number(&number, reason->pairs), text, *site ? "; put by " : "", site);
}

static void put_help(struct vmt_lines *lines, const struct vmt_explain_pattern *pattern,
		     const struct vmt_explain_names *names)
{
	struct vmt_number saves, maps;
	char site[256];

	site_of(names, pattern->site, site, sizeof(site));
	vmt_lines_add(lines, 10, "  help    -%s of %s maps: %s%s%s; %s",
		      vmt_number(&saves, pattern->saves), vmt_number(&maps, pattern->maps),
		      vmt_explain_pattern_word(pattern->pattern), *site ? ", by " : "", site,
		      vmt_explain_remedy(pattern->pattern));
}

/* "13 to 24": two digits are more than such an estimate has. */
static const char *span(char text[48], uint64_t low, uint64_t high)
{
	double from = (double)low / 1e6, to = (double)high / 1e6;

	snprintf(text, 48, "%.*f to %.*f", from < 10, from, to < 10, to);
	return text;
}

static void put_cost(struct vmt_lines *lines, const char *start, uint64_t maps)
{
	struct vmt_explain_cost cost = vmt_explain_cost(maps);
	char memory[48], fork[48];
	struct vmt_number number;

	vmt_lines_add(lines, 10,
		      "%s%s maps: about %s MB of kernel memory, a fork %s ms slower%s (estimate, "
		      "after Linux 6.18)", start, vmt_number(&number, maps),
		      span(memory, cost.bytes_low, cost.bytes_high),
		      span(fork, cost.fork_low, cost.fork_high),
		      maps >= SLOW_FAULTS ? ", page faults up to 1.8 times as long" : "");
}

/* What does not fit as a whole is left out. */
static void end_item(struct vmt_lines *lines, size_t *before, size_t most)
{
	if (lines->count > most)
		vmt_lines_cut(lines, *before);
	*before = lines->count;
}

void vmt_explain_brief(struct vmt_lines *lines, const struct vmt_explain *explain,
		       const struct vmt_explain_names *names)
{
	size_t cost = explain->count >= COSTLY_MAPS ? 2 : 0;
	size_t most = VMT_EXPLAIN_LINES - cost, before;
	struct reason reasons[VMT_APART_COUNT];
	const struct reason *reason;

	if (explain->count < FEW_MAPS && !explain->pattern_count)
		return;
	put_kinds_line(lines, explain);
	before = lines->count;
	if (explain->pattern_count)
		put_help(lines, &explain->patterns[0], names);
	end_item(lines, &before, most);
	sum_reasons(explain, reasons);
	reason = next_reason(reasons, NULL);
	if (reason && reason->pairs >= VMT_EXPLAIN_LEAST)
		put_reason_line(lines, reason, names);
	end_item(lines, &before, most);
	if (explain->pattern_count > 1 && explain->patterns[1].saves >= explain->count / 10)
		put_help(lines, &explain->patterns[1], names);
	end_item(lines, &before, most);
	if (cost)
		put_cost(lines, "  cost    ", explain->count);
	end_item(lines, &before, VMT_EXPLAIN_LINES);
}

static void put_files(struct vmt_lines *lines, const struct vmt_explain *explain,
		      enum vmt_kind kind)
{
	struct vmt_explain_files files[TOP_FILES];
	size_t n = vmt_explain_top_files(explain, kind, files, TOP_FILES);
	struct vmt_number number;

	for (size_t i = 0; i < n; i++)
		vmt_lines_add(lines, 30, "                      %7s  %.*s%s",
			      vmt_number(&number, files[i].maps), 200, files[i].pattern,
			      strlen(files[i].pattern) > 200 ? "..." : "");
	vmt_explain_free_files(files, n);
}

static void put_kinds(struct vmt_lines *lines, const struct vmt_explain *explain)
{
	struct vmt_number number, bytes;
	uint64_t rest = 0;

	for (size_t i = 0; i < explain->kind_count; i++) {
		const struct vmt_explain_kind *kind = &explain->kinds[i];

		if (i >= KINDS_SHOWN) {
			rest += kind->maps;
			continue;
		}
		vmt_lines_add(lines, 12, "%8s  %s%s%s%s, %s", vmt_number(&number, kind->maps),
			      vmt_explain_kind_word(kind->kind), plural(kind->kind, kind->maps),
			      kind->detail ? ": " : "", kind->detail ? kind->detail : "",
			      vmt_number_bytes(&bytes, kind->bytes));
		if (kind->maps >= VMT_EXPLAIN_LEAST &&
		    (kind->kind == VMT_KIND_FILE || kind->kind == VMT_KIND_DELETED))
			put_files(lines, explain, kind->kind);
	}
	if (rest)
		vmt_lines_add(lines, 12, "%8s  of other kinds", vmt_number(&number, rest));
}

static void put_neighbours(struct vmt_lines *lines, const struct vmt_explain *explain)
{
	struct reason reasons[VMT_APART_COUNT];
	const struct reason *reason = NULL;
	struct vmt_number number;
	char text[256];

	sum_reasons(explain, reasons);
	vmt_lines_add(lines, 0, "Neighbours that touch but are two maps: %s",
		      vmt_number(&number, explain->touching));
	for (unsigned i = 0; i < PAIRS_SHOWN; i++) {
		reason = next_reason(reasons, reason);
		if (!reason)
			break;
		put_reason(text, sizeof(text), reason);
		vmt_lines_add(lines, 12, "%8s  %s", vmt_number(&number, reason->pairs), text);
	}
	if (reasons[VMT_APART_UNKNOWN].pairs && !explain->flags_known)
		vmt_lines_add(lines, 10, "          (--flags reads their flags and policies, too, "
			      "which takes longer)");
}

static void put_limit_advice(struct vmt_lines *lines, uint64_t maps, uint64_t limit)
{
	struct vmt_number number;
	uint64_t wanted = 262144;

	if (!limit || maps < limit / 100 * NEAR_PERCENT)
		return;
	while (wanted < 2 * maps)
		wanted *= 2;
	vmt_lines_add(lines, 10, "  for now: sysctl vm.max_map_count=%llu (it is %s), which gives "
		      "time but cures nothing", (unsigned long long)wanted,
		      vmt_number(&number, limit));
}

static void put_remedies(struct vmt_lines *lines, const struct vmt_explain *explain,
			 uint64_t limit)
{
	struct vmt_number saves;
	char text[40];

	if (!explain->pattern_count) {
		vmt_lines_add(lines, 0, "What would help: no pattern is recognised that a known "
			      "remedy would make fewer");
		put_limit_advice(lines, explain->count, limit);
		return;
	}
	vmt_lines_add(lines, 0, "What would help");
	for (size_t i = 0; i < explain->pattern_count; i++) {
		const struct vmt_explain_pattern *pattern = &explain->patterns[i];

		const char *also = vmt_explain_also(pattern->pattern);

		/* The most first: what remains is a drop in the ocean, for JSON to tell. */
		if (pattern->saves < explain->count / 100)
			break;
		snprintf(text, sizeof(text), "-%s", vmt_number(&saves, pattern->saves));
		vmt_lines_add(lines, 10, "%8s  %s: %s.%s%s", text,
			      vmt_explain_pattern_word(pattern->pattern),
			      vmt_explain_remedy(pattern->pattern), also ? " " : "",
			      also ? also : "");
	}
	put_limit_advice(lines, explain->count, limit);
}

/* The cause in one line, if there is one. */
static void put_cause(struct vmt_lines *lines, const struct vmt_explain *explain)
{
	const struct vmt_explain_pattern *top = explain->patterns;
	struct vmt_number number, alike, size;
	bool has_pattern = explain->pattern_count > 0;

	if (explain->alone > explain->count / 2 && (!has_pattern || top->maps < explain->alone / 2))
		vmt_lines_add(lines, 2,
			      "  mostly pieces of memory that touch no other (%s maps, %s of %s; "
			      "heaps of garbage collectors are like that)",
			      vmt_number(&number, explain->alone),
			      vmt_number(&alike, explain->alone_alike),
			      vmt_number_bytes(&size, explain->alone_size));
	if (has_pattern)
		vmt_lines_add(lines, 2, "  %s %s (%s maps)",
			      top->maps > explain->count / 2 ? "mostly" : "among them",
			      vmt_explain_pattern_word(top->pattern),
			      vmt_number(&number, top->maps));
}

void vmt_explain_page(struct vmt_lines *lines, const struct vmt_explain *explain, uint64_t limit)
{
	struct vmt_number number, size;

	put_cause(lines, explain);
	put_kinds(lines, explain);
	put_neighbours(lines, explain);
	if (explain->holes)
		vmt_lines_add(lines, 0, "Holes between maps: %s, the largest %s",
			      vmt_number(&number, explain->holes),
			      vmt_number_bytes(&size, explain->largest_hole));
	put_remedies(lines, explain, limit);
	if (explain->count >= COSTLY_MAPS)
		put_cost(lines, "Cost of ", explain->count);
}
