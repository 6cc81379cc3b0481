/* SPDX-License-Identifier: MIT */
/* Puts the lead of a report together; see explain_lead.h. */
#include "report/explain_plain.h"
#include "report/explain_lead.h"
#include "report/explain_leak.h"
#include "report/explain_parts.h"
#include "report/explain_peak.h"
#include "report/explain_text.h"

static bool is_small(const struct vmt_explain_record *record)
{
	const struct vmt_explain_pattern *top = record->explain.patterns;

	return record->explain.pattern_count && !vmt_explain_is_mostly_alone(&record->explain) &&
	       vmt_explain_plain_most(record, UINT64_C(1) << top->pattern) > top->maps;
}

/* A pattern comes first, unless one place holds more maps than show the pattern. */
static void put_causes(struct vmt_lines *lines, struct vmt_explain_record *record,
		       const struct vmt_explain_names *names)
{
	size_t before = lines->count;

	if (is_small(record)) {
		vmt_explain_plain(lines, record, names, 0);
		if (lines->count > before)
			return;
	}
	vmt_explain_plain(lines, record, names, vmt_explain_lead(lines, &record->explain, names));
}

size_t vmt_explain_lead_lines(struct vmt_lines *lines, struct vmt_explain_record *record,
			      uint64_t now)
{
	struct vmt_explain_names names = { vmt_explain_record_site, vmt_explain_plain_given_back,
					   record };
	const struct vmt_rec_header *header = &record->view->header;
	size_t lead;

	vmt_explain_leak(lines, record, now);
	if (!vmt_explain_peak_lead(lines, record))
		put_causes(lines, record, &names);
	if (lines->count < VMT_EXPLAIN_LEAD - 1)
		vmt_explain_put_limit(lines, "  for now ", header->maps_peak + header->maps_own,
				      header->maps_limit);
	lead = lines->count;
	vmt_explain_brief(lines, &record->explain, &names);
	return lead;
}
