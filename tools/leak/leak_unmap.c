/* SPDX-License-Identifier: MIT */
/* See leak_unmap.h. */
#include "core/base/calls.h"
#include "explain/explain_owner.h"
#include "leak/leak_unmap.h"

#include <stdlib.h>

/* Calls that succeeded, of a site that changed no count with any: it cuts ends off maps, or hits none. */
static uint64_t idle_calls(const struct vmt_rec_counters *counters)
{
	bool has_effect =
		counters->removed || counters->split || counters->created || counters->merged;

	return has_effect ? 0 : counters->calls - counters->failed;
}

static bool is_programs(const struct vmt_explain_record *record, const struct vmt_rec_site *site)
{
	return vmt_explain_owner(record->view, site, record->symbols).is_programs;
}

/* The place with most calls; weight: of each place. */
static struct vmt_leak_unmap most_of(const uint64_t *weight, uint32_t sites, uint64_t left)
{
	struct vmt_leak_unmap most = { 0, 0 };

	for (uint32_t i = VMT_SITE_FIRST; i < sites; i++) {
		if (weight[i] > most.calls)
			most = (struct vmt_leak_unmap){ i, weight[i] };
	}
	return most.calls > left / 2 ? most : (struct vmt_leak_unmap){ 0, 0 };
}

void vmt_leak_unmap(const struct vmt_explain_record *record, uint64_t left,
		    struct vmt_leak_unmap *ret_failed, struct vmt_leak_unmap *ret_idle)
{
	uint32_t sites = record->explain.facts.sites;
	uint64_t *failed = calloc((size_t)sites + 1, sizeof(*failed));
	uint64_t *idle = calloc((size_t)sites + 1, sizeof(*idle));
	struct vmt_rec_site site;

	*ret_failed = *ret_idle = (struct vmt_leak_unmap){ 0, 0 };
	for (uint32_t i = VMT_SITE_FIRST; failed && idle && i < sites; i++) {
		if (!vmt_view_site(record->view, i, &site) || site.call != VMT_CALL_MUNMAP ||
		    (!site.counters.failed && !idle_calls(&site.counters)) ||
		    !is_programs(record, &site))
			continue;
		failed[vmt_explain_record_place(record, i)] += site.counters.failed;
		idle[vmt_explain_record_place(record, i)] += idle_calls(&site.counters);
	}
	if (failed && idle) {
		*ret_failed = most_of(failed, sites, left);
		*ret_idle = most_of(idle, sites, left);
	}
	free(failed);
	free(idle);
}
