/* SPDX-License-Identifier: MIT */
/* The words for what leak.h finds. See cause_leak.h. */
#include "core/base/tunables.h"
#include "leak/leak.h"
#include "leak/leak_unmap.h"
#include "report/cause_leak.h"
#include "report/cause_parts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What each site of the leak made. NULL without memory. */
static uint64_t *weigh_made(const struct vmt_explain_record *record, const struct vmt_leak *leak)
{
	uint32_t sites = record->explain.facts.sites;
	uint64_t *weight = calloc((size_t)sites + 1, sizeof(*weight));
	struct vmt_rec_site site;

	for (uint32_t i = VMT_SITE_FIRST; weight && i < sites; i++) {
		if (leak->is_of[i] && vmt_view_site(record->view, i, &site))
			weight[i] = site.counters.created + site.counters.split;
	}
	return weight;
}

/* What each site of the leak has left of the objects of its place. NULL without memory. */
static uint64_t *weigh_left(const struct vmt_explain_record *record, const struct vmt_leak *leak)
{
	uint32_t sites = record->explain.facts.sites,
		 place = vmt_explain_record_place(record, leak->site);
	uint64_t *weight = calloc((size_t)sites + 1, sizeof(*weight));
	struct vmt_rec_site site;

	for (uint32_t i = VMT_SITE_FIRST; weight && leak->torn_down && i < sites; i++) {
		if (leak->is_of[i] && vmt_explain_record_place(record, i) == place &&
		    vmt_view_site(record->view, i, &site))
			weight[i] = vmt_view_live_before(record->view, &site, site.live,
							 leak->torn_down);
	}
	for (size_t i = 0; weight && !leak->torn_down && i < record->count; i++) {
		uint32_t put_by = record->map[i].put_by, mapped_by = record->map[i].mapped_by;

		if (mapped_by < sites && vmt_explain_record_place(record, mapped_by) == place)
			weight[mapped_by] += leak->is_of[mapped_by];
		else if (put_by < sites && vmt_explain_record_place(record, put_by) == place)
			weight[put_by] += leak->is_of[put_by];
	}
	return weight;
}

/*
 * The place with the caller through which all came, of what is left as well; otherwise, left says who
 * called for that.
 */
static void put_place(struct vmt_explain_record *record, const struct vmt_leak *leak, char *by,
		      char *left, size_t size)
{
	uint64_t *made = weigh_made(record, leak), *live = weigh_left(record, leak);
	char of_made[160], of_left[160], two[416] = "";
	unsigned percent;

	vmt_cause_put_caller(of_made, sizeof(of_made), record, leak->site, made);
	percent = vmt_cause_put_caller(of_left, sizeof(of_left), record, leak->site, live);
	vmt_cause_put_site(by, size, record, leak->site, NULL);
	left[0] = '\0';
	if (strcmp(of_made, of_left) && *of_left)
		snprintf(left, size, ", nearly all of them%s", of_left);
	else if (*of_left && percent < 100)
		snprintf(left, size, ", %u %%%s", percent, of_left);
	else if (*of_left && strlen(by) + strlen(of_left) < size)
		strcat(by, of_left);
	if (!*of_left)
		vmt_cause_put_callers(two, sizeof(two), record, leak->site, live);
	if (*two)
		snprintf(left, size, ",%s", two);
	free(made);
	free(live);
}

static void put_removers(struct vmt_explain_record *record, const struct vmt_leak *leak, char *text,
			 size_t size)
{
	char by[256];
	size_t used = 0;

	text[0] = '\0';
	for (unsigned i = 0; i < leak->removers; i++) {
		vmt_explain_record_site(record, leak->remover[i], by, sizeof(by));
		used += (size_t)snprintf(text + used, size - used, "%s%s",
					 i ? " and " : ", the others are, by ", by);
	}
}

/*
 * Stacks of threads are named by the call that mapped them: glibc keeps those of threads that were joined,
 * and gives them to threads that another place starts. Each has a guard besides.
 */
static const char *doubt_of(const struct vmt_explain_record *record, const struct vmt_leak *leak)
{
	uint32_t place = vmt_explain_record_place(record, leak->site);
	uint64_t maps = 0, stacks = 0;

	if (record->explain.facts.tunables & VMT_TUNABLES_NO_STACK_CACHE)
		return "";
	for (size_t i = 0; i < record->count; i++) {
		const struct vmt_explain_map *map = &record->explain.map[i];

		if (map->put_by >= record->explain.facts.sites ||
		    vmt_explain_record_place(record, map->put_by) != place)
			continue;
		maps++;
		stacks += map->kind == VMT_KIND_THREAD_STACK;
	}
	return 3 * stacks > maps ?
		       " (or threads of other places have these stacks now: "
		       "GLIBC_TUNABLES=glibc.pthread.stack_cache_size=0 shows whose they are)" :
		       "";
}

/* Is none of its maps given back, or next to none? */
static bool is_all(const struct vmt_leak *leak)
{
	return leak->made - leak->left <= leak->made / 100;
}

/*
 * What fills, or takes up its work, in the first minute looks the same, and what comes and goes may have risen by
 * chance; the limit is none of that. Returns the words of such a doubt: "" if the line above has them, NULL if
 * there is none.
 */
static const char *haste_of(const struct vmt_explain_record *record, const struct vmt_leak *leak,
			    uint64_t now)
{
	struct vmt_curve curve;

	if (vmt_report_is_limit_reached(record->view) ||
	    !vmt_report_trend_before(record->view, now, leak->torn_down, &curve))
		return NULL;
	if (vmt_report_duration(record->view, now) < VMT_TREND_START_UP_NS)
		return curve.trend == VMT_TREND_LEAK ? "" : " (or a start-up)";
	if (curve.trend == VMT_TREND_LEAK ? !curve.is_doubtful : leak->is_clear)
		return NULL;
	return is_all(leak) ? " (or all are in use)" : " (or by chance: they come and go)";
}

/*
 * "; munmap in f a.c:7 failed 3 times", or was called without removing a map: whoever wrote it believes that it
 * gives back what leaks.
 */
static void put_futile(struct vmt_explain_record *record, const struct vmt_leak *leak, char *text,
		       size_t size)
{
	struct vmt_leak_unmap failed, idle;
	struct vmt_number number;
	char by[256];
	int used = 0;

	text[0] = '\0';
	vmt_leak_unmap(record, leak->left, &failed, &idle);
	if (failed.calls) {
		vmt_explain_record_site(record, failed.site, by, sizeof(by));
		used = snprintf(text, size, "; %s failed %s times", by,
				vmt_lines_number(&number, failed.calls));
	}
	if (!idle.calls)
		return;
	vmt_explain_record_site(record, idle.site, by, sizeof(by));
	snprintf(text + used, size - (size_t)used,
		 "; %s removed no map in %s calls: does it unmap less than was mapped?", by,
		 vmt_lines_number(&number, idle.calls));
}

/* In a short run, what was not given back may also have been in use. */
static void put_leak(struct vmt_lines *lines, struct vmt_explain_record *record,
		     const struct vmt_leak *leak, uint64_t now)
{
	const char *before_end = leak->torn_down ? " before the end" : "";
	const char *haste = haste_of(record, leak, now), *label = haste ? "leak? " : "leak  ";
	bool is_kept = !leak->is_leak && !leak->is_unsure && !is_all(leak);
	char by[480], left[480], others[600], futile[600], notes[1000];
	struct vmt_number number, made;

	put_place(record, leak, by, left, sizeof(by));
	put_futile(record, leak, futile, sizeof(futile));
	snprintf(notes, sizeof(notes), "%s%s%s", doubt_of(record, leak),
		 haste && !is_kept ? haste : "", futile);
	if (leak->is_unsure) {
		vmt_lines_add(lines, 10, "  %s  %s maps by %s%s%s are not given back%s%s", label,
			      vmt_lines_number(&number, leak->left), by, left, *left ? "," : "",
			      before_end, notes);
		return;
	}
	if (is_all(leak)) {
		vmt_lines_add(lines, 10, "  %s  none of the %s maps by %s%s%s is given back%s%s",
			      label, vmt_lines_number(&made, leak->made), by, left,
			      *left ? "," : "", before_end, notes);
		return;
	}
	put_removers(record, leak, others, sizeof(others));
	vmt_lines_add(lines, 10, "  %s  %s of %s maps by %s are not given back%s%s%s%s",
		      is_kept ? "kept  " : label, vmt_lines_number(&number, leak->left),
		      vmt_lines_number(&made, leak->made), by, left, before_end, others, notes);
}

bool vmt_cause_leak(struct vmt_lines *lines, struct vmt_explain_record *record, uint64_t now,
		    uint64_t torn_down)
{
	struct vmt_leak leak;
	bool is_leak;

	if (!vmt_leak_find(record, now, torn_down, &leak))
		return false;
	put_leak(lines, record, &leak, now);
	is_leak = leak.is_leak;
	vmt_leak_free(&leak);
	return is_leak;
}

/* The maps of each call site, also of those that load libraries. NULL without memory. */
static uint64_t *count_live(const struct vmt_explain_record *record, bool with_loaders)
{
	uint64_t *live = vmt_explain_by_site(&record->explain.facts);

	for (size_t i = 0; live && i < record->count; i++) {
		const struct vmt_explain_map *map = &record->map[i];

		if (map->put_by >= VMT_SITE_FIRST && (with_loaders || !map->is_loaders))
			vmt_explain_count_site(live, &record->explain.facts, map->put_by, 1);
	}
	return live;
}

/* How many maps each call site had before the end, and has no more. NULL without memory. */
static uint64_t *read_kept(const struct vmt_explain_record *record, uint64_t torn_down)
{
	const struct vmt_explain_facts *facts = &record->explain.facts;
	uint64_t *kept = count_live(record, true);
	struct vmt_rec_site site;

	for (uint32_t i = VMT_SITE_FIRST; kept && i < facts->sites; i++) {
		uint64_t live = kept[i], before = live;

		if (vmt_view_site(record->view, i, &site))
			before = vmt_view_live_before(record->view, &site, live, torn_down);
		kept[i] = before > live ? before - live : 0;
	}
	return kept;
}

void vmt_cause_kept(struct vmt_lines *lines, struct vmt_explain_record *record, uint64_t torn_down)
{
	struct vmt_explain_share share;
	struct vmt_number number, all;
	uint64_t *kept;
	char by[416];

	if (!torn_down || !vmt_view_is_before_end(record->view, torn_down))
		return;
	kept = read_kept(record, torn_down);
	share = vmt_explain_share_of(kept, &record->explain.facts);
	if (share.part && share.part >= torn_down / 2) {
		vmt_cause_put_site(by, sizeof(by), record, share.site, kept);
		vmt_lines_add(lines, 10,
			      "  kept    until the end: %s of the %s maps that it gave back, by %s",
			      vmt_lines_number(&number, share.part),
			      vmt_lines_number(&all, torn_down), by);
	}
	free(kept);
}

void vmt_cause_left(struct vmt_lines *lines, struct vmt_explain_record *record)
{
	uint64_t start = record->view->header.maps_start;
	uint64_t *live = count_live(record, false); /* libraries that are loaded stay */
	struct vmt_explain_share share = vmt_explain_share_of(live, &record->explain.facts);
	struct vmt_number number, all;
	char by[416];

	if (share.part >= VMT_TREND_SMALL && record->count > start &&
	    share.part >= (record->count - start) / 2) {
		vmt_cause_put_site(by, sizeof(by), record, share.site, live);
		vmt_lines_add(lines, 10,
			      "  left    now that the peak is over: %s of the %s maps, by %s",
			      vmt_lines_number(&number, share.part),
			      vmt_lines_number(&all, record->count), by);
	}
	free(live);
}
