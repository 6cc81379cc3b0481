/* SPDX-License-Identifier: MIT */
/* Sums over reasons, and lines that are used in two places. See cause_parts.h. */
#include "core/report/report.h"
#include "report/cause_parts.h"

#include "naming/callers.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SLOW_FAULTS 10000u
#define ROOMY_LIMIT 262144u /* what software that needs many maps commonly recommends */

#define DETAILS 32u /* the most different details that are summed up */

/* A reason and its detail, with their pairs at all call sites. */
struct detail {
	const struct vmt_explain_neighbours *first;
	uint64_t pairs;
};

/* Sum up the pairs of each detail. Returns how many there are. */
static size_t sum_details(const struct vmt_explain *explain, struct detail details[DETAILS])
{
	size_t count = 0;

	for (size_t i = 0; i < explain->pairs_count; i++) {
		const struct vmt_explain_neighbours *pairs = &explain->pairs[i];
		size_t at = 0;

		while (at < count && (details[at].first->why != pairs->why ||
				      details[at].first->detail != pairs->detail))
			at++;
		if (at == DETAILS)
			continue;
		if (at == count)
			details[count++] = (struct detail){ pairs, 0 };
		details[at].pairs += pairs->pairs;
	}
	return count;
}

void vmt_cause_sum_reasons(const struct vmt_explain *explain,
			   struct vmt_cause_reason reasons[VMT_APART_COUNT])
{
	struct detail details[DETAILS];
	size_t count = sum_details(explain, details);
	uint64_t most[VMT_APART_COUNT] = { 0 };

	memset(reasons, 0, VMT_APART_COUNT * sizeof(*reasons));
	for (size_t i = 0; i < count; i++) {
		const struct detail *detail = &details[i];
		struct vmt_cause_reason *reason = &reasons[detail->first->why];

		reason->has_more_details |= reason->top != NULL;
		if (detail->pairs > most[detail->first->why]) {
			most[detail->first->why] = detail->pairs;
			reason->top = detail->first;
		}
	}
	for (size_t i = 0; i < explain->pairs_count; i++) {
		struct vmt_cause_reason *reason = &reasons[explain->pairs[i].why];

		reason->top = reason->top ? reason->top : &explain->pairs[i];
		reason->pairs += explain->pairs[i].pairs;
	}
}

const struct vmt_cause_reason *
vmt_cause_next_reason(const struct vmt_cause_reason reasons[VMT_APART_COUNT],
		      const struct vmt_cause_reason *last)
{
	const struct vmt_cause_reason *best = NULL;

	for (size_t i = 0; i < VMT_APART_COUNT; i++) {
		const struct vmt_cause_reason *at = &reasons[i];
		bool is_after =
			!last || at->pairs < last->pairs || (at->pairs == last->pairs && at > last);

		if (at->pairs && is_after && (!best || at->pairs > best->pairs))
			best = at;
	}
	return best;
}

void vmt_cause_put_reason(char *text, size_t size, const struct vmt_explain *explain,
			  const struct vmt_cause_reason *reason, bool has_site)
{
	bool is_unknown = reason->top->why == VMT_APART_UNKNOWN;
	char detail[160] = "";

	if (!is_unknown || !has_site)
		vmt_explain_detail(reason->top->why, reason->top->detail, true, detail,
				   sizeof(detail));
	snprintf(text, size, "%s%s%s%s%s",
		 is_unknown && explain->flags_known && explain->facts.is_fork_child ?
			 "look alike: inherited by fork, and such memory no longer merges" :
			 vmt_explain_apart_word(reason->top->why),
		 *detail ? " (" : "", *detail && reason->has_more_details ? "mostly " : "", detail,
		 *detail ? ")" : "");
}

const char *vmt_cause_plural(enum vmt_kind kind, uint64_t maps)
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

#define LIMIT_MAX (UINT64_C(1) << 30) /* the limit is an int; larger values are not suggested */

/* Two digits, since the estimate is no more precise. */
static double rounded(double value)
{
	uint64_t scale = 1;

	while (value / (double)scale >= 100)
		scale *= 10;
	return scale == 1 ? value : (double)((uint64_t)(value / (double)scale + 0.5) * scale);
}

/* "13 to 24" */
static const char *span(char text[48], uint64_t low, uint64_t high)
{
	double from = rounded((double)low / 1e6), to = rounded((double)high / 1e6);

	snprintf(text, 48, "%.*f to %.*f", from < 10, from, to < 10, to);
	return text;
}

void vmt_cause_put_cost(struct vmt_lines *lines, const char *start, uint64_t maps)
{
	struct vmt_explain_cost cost = vmt_explain_cost(maps);
	char memory[48], fork[48], faults[96] = "";
	struct vmt_number number;

	if (maps >= SLOW_FAULTS)
		snprintf(faults, sizeof(faults), ", a page fault up to %u to %u %% slower",
			 cost.fault_low, cost.fault_high);
	vmt_lines_add(lines, 10,
		      "%s%s maps: about %s MB of kernel memory, a fork %s ms slower%s (estimate, "
		      "measured on Linux 6.18)",
		      start, vmt_lines_number(&number, maps),
		      span(memory, cost.bytes_low, cost.bytes_high),
		      span(fork, cost.fork_low, cost.fork_high), faults);
}

void vmt_cause_put_limit(struct vmt_lines *lines, const char *start, uint64_t maps, uint64_t limit)
{
	struct vmt_number number;
	uint64_t wanted = ROOMY_LIMIT;

	if (!limit || maps > LIMIT_MAX / 2 || limit > LIMIT_MAX ||
	    maps * 100 < limit * VMT_REPORT_NEAR_PERCENT)
		return;
	while (wanted < 2 * maps)
		wanted *= 2;
	vmt_lines_add(lines, 10,
		      "%ssysctl vm.max_map_count=%llu (now %s), which buys time but does not fix "
		      "the cause",
		      start, (unsigned long long)wanted, vmt_lines_number(&number, limit));
}

unsigned vmt_cause_put_caller(char *text, size_t size, struct vmt_explain_record *record,
			      uint32_t site, const uint64_t *weight)
{
	const struct vmt_callers callers = { record->view, record->symbols, record->place, weight,
					     record->explain.facts.sites };

	text[0] = '\0';
	if (!weight || site < VMT_SITE_FIRST || site >= callers.sites)
		return 100;
	return vmt_callers_describe(&callers, vmt_explain_record_place(record, site), text, size);
}

void vmt_cause_put_site(char *text, size_t size, struct vmt_explain_record *record, uint32_t site,
			const uint64_t *weight)
{
	char called[160], part[16] = "";
	unsigned percent = vmt_cause_put_caller(called, sizeof(called), record, site, weight);
	size_t used;

	vmt_explain_record_site(record, site, text, size);
	used = strlen(text);
	if (percent < 100)
		snprintf(part, sizeof(part), ", %u %%", percent);
	if (*called && used + strlen(part) + strlen(called) < size)
		snprintf(text + used, size - used, "%s%s", part, called);
}

void vmt_cause_put_callers(char *text, size_t size, struct vmt_explain_record *record,
			   uint32_t site, const uint64_t *weight)
{
	const struct vmt_callers callers = { record->view, record->symbols, record->place, weight,
					     record->explain.facts.sites };

	text[0] = '\0';
	if (weight && site >= VMT_SITE_FIRST && site < callers.sites)
		vmt_callers_describe_two(&callers, vmt_explain_record_place(record, site), text,
					 size);
}

const char *vmt_cause_site_of(void *context, uint32_t site, uint64_t shown, char *text, size_t size)
{
	struct vmt_explain_record *record = context;
	uint32_t sites = record->explain.facts.sites;
	uint64_t *weight = calloc((size_t)sites + 1, sizeof(*weight));

	for (size_t i = 0; weight && i < record->count; i++) {
		const struct vmt_explain_map *map = &record->map[i];

		if (map->put_by < sites && (!shown || map->shows & shown))
			weight[map->put_by]++;
	}
	vmt_cause_put_site(text, size, record, site, weight);
	free(weight);
	return text;
}
