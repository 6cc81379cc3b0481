/* SPDX-License-Identifier: MIT */
/* Puts the lead of a report together; see cause_lead.h. */
#include "report/cause_plain.h"
#include "report/cause_lead.h"
#include "report/cause_leak.h"
#include "report/cause_parts.h"
#include "report/cause_peak.h"
#include "report/cause_text.h"

static bool is_small(const struct vmt_explain_record *record)
{
	const struct vmt_explain_pattern *top = record->explain.patterns;

	return record->explain.pattern_count && !vmt_explain_is_mostly_alone(&record->explain) &&
	       vmt_cause_plain_most(record, UINT64_C(1) << top->pattern) > top->maps;
}

static void put_limit(struct vmt_lines *lines, const struct vmt_view *view)
{
	const struct vmt_rec_header *header = &view->header;

	vmt_cause_put_limit(lines, "  for now ", header->maps_peak + header->maps_own,
			    header->maps_limit);
}

/*
 * The first cause, what helps, and what helps for now always have their lines, whatever leak comes
 * before them; further causes have those that are left. A pattern comes first, unless one place holds
 * more maps than show the pattern.
 */
static void put_causes(struct vmt_lines *lines, struct vmt_explain_record *record,
		       const struct vmt_cause_names *names)
{
	struct vmt_cause_told told = { .count = 0 };
	bool has_cause =
		is_small(record) && vmt_cause_plain(lines, record, names, &told, VMT_CAUSE_FIRST);
	const char *start;
	size_t before;

	if (!has_cause) {
		told.count = 0;
		told.mentioned = vmt_cause_lead(lines, &record->explain, names);
		if (!told.mentioned)
			vmt_cause_plain(lines, record, names, &told, VMT_CAUSE_FIRST);
	}
	before = lines->count;
	put_limit(lines, record->view);
	start = lines->count > before ? VMT_CAUSE_ALSO : VMT_CAUSE_NEXT;
	while (vmt_cause_plain(lines, record, names, &told, start))
		;
}

size_t vmt_cause_lead_lines(struct vmt_lines *lines, struct vmt_explain_record *record,
			    uint64_t now, uint64_t torn_down)
{
	struct vmt_cause_names names = { vmt_cause_site_of, vmt_cause_plain_given_back, record };
	bool is_after_peak;
	size_t lead;

	if (vmt_explain_record_lacks_maps(record))
		return 0;
	vmt_cause_leak(lines, record, now, torn_down);
	is_after_peak = vmt_cause_peak_lead(lines, record);
	if (is_after_peak)
		put_limit(lines, record->view);
	else
		put_causes(lines, record, &names);
	lead = lines->count;
	vmt_cause_brief(lines, &record->explain, &names, is_after_peak);
	return lead;
}
