/* SPDX-License-Identifier: MIT */
/* Judges the growth before the fall in the words of the report, which see it as well. See returned.h. */
#include "check/returned.h"
#include "core/report/report.h"
#include "util/lines.h"
#include "util/must.h"

#include <stdio.h>

/* Did it rise like a leak until it gave these maps back? With 0: until it gave back whatever it did. */
static bool is_leak_before(const struct vmt_view *view, uint64_t maps)
{
	struct vmt_curve curve;

	if (!vmt_report_trend_before(view, 0, maps, &curve))
		return false;
	return curve.trend == VMT_TREND_LEAK || (curve.trend == VMT_TREND_GIVEN_BACK && curve.span);
}

void vmt_returned_read(struct vmt_summary_program *program, const struct vmt_view *view,
		       struct vmt_symbols *symbols, const struct vmt_teardown *kept)
{
	uint64_t now = vmt_view_maps_now(view), peak = view->header.maps_peak;
	struct vmt_teardown end;

	if (peak < now + VMT_TREND_SMALL || view->header.end == VMT_END_RUNNING ||
	    kept->maps >= VMT_TREND_SMALL)
		return;
	vmt_teardown_read_all(view, symbols, &end);
	if (end.maps < VMT_TREND_SMALL)
		end = (struct vmt_teardown){ .function = "it" };
	if (!is_leak_before(view, end.maps))
		return;
	end.maps = end.maps ? end.maps : peak - now;
	if (end.maps <= program->returned)
		return;
	program->returned = end.maps;
	snprintf(program->returned_by, sizeof(program->returned_by), "%s", end.function);
}

char *vmt_returned_note(const struct vmt_summary_program *program)
{
	struct vmt_number maps;

	if (!program->returned)
		return NULL;
	return vmt_must_format("%s gave back %s maps at the end; until then they grew like a leak, "
			       "which only --max-peak=N limits",
			       program->returned_by, vmt_lines_number(&maps, program->returned));
}
