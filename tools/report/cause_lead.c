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

/* A pattern comes first, unless one place holds more maps than show the pattern. */
static void put_causes(struct vmt_lines *lines, struct vmt_explain_record *record,
		       const struct vmt_cause_names *names)
{
	size_t before = lines->count;

	if (is_small(record)) {
		vmt_cause_plain(lines, record, names, 0);
		if (lines->count > before)
			return;
	}
	vmt_cause_plain(lines, record, names, vmt_cause_lead(lines, &record->explain, names));
}

/* If the recording had no room for all maps, those that it has say nothing about the others. */
static bool lacks_maps(const struct vmt_explain_record *record)
{
	return record->view->header.notes & (VMT_NOTE_DISK_FULL | VMT_NOTE_NOT_LONGER) &&
	       record->count < vmt_view_maps_now(record->view);
}

size_t vmt_cause_lead_lines(struct vmt_lines *lines, struct vmt_explain_record *record,
			    uint64_t now)
{
	struct vmt_cause_names names = { vmt_explain_record_site, vmt_cause_plain_given_back,
					 record };
	const struct vmt_rec_header *header = &record->view->header;
	size_t lead;

	if (lacks_maps(record))
		return 0;
	vmt_cause_leak(lines, record, now);
	if (!vmt_cause_peak_lead(lines, record))
		put_causes(lines, record, &names);
	if (lines->count < VMT_EXPLAIN_LEAD - 1)
		vmt_cause_put_limit(lines, "  for now ", header->maps_peak + header->maps_own,
				    header->maps_limit);
	lead = lines->count;
	vmt_cause_brief(lines, &record->explain, &names);
	return lead;
}
