/* SPDX-License-Identifier: MIT */
/* Shared by the files of the JSON report, and included by nothing else. */
#ifndef VMT_JSON_PARTS_H
#define VMT_JSON_PARTS_H

#include "core/recording/view.h"
#include "explain/explain_record.h"
#include "json/json_output.h"
#include "symbols/symbols.h"
#include "util/value.h"

#include <jansson.h>

json_t *vmt_json_stack(const struct vmt_view *view, const struct vmt_rec_site *site,
		       struct vmt_symbols *symbols);

/* Write the elements of the list of call sites, one a line. */
void vmt_json_put_sites(struct vmt_json_output *output, const struct vmt_view *view,
			struct vmt_symbols *symbols);

json_t *vmt_json_marks(const struct vmt_view *view);

/* Add "growth": the trend of the timeline. */
void vmt_json_add_growth(json_t *process, const struct vmt_view *view, struct vmt_symbols *symbols);
/* Add "leak", if there is one: which call sites, and how much is left of what they made. */
void vmt_json_add_leak(json_t *process, const struct vmt_explain_record *record);
void vmt_json_add_site_growth(json_t *site, const struct vmt_view *view, uint64_t index,
			      const struct vmt_rec_counters *counters, uint64_t live);

#endif
