/* SPDX-License-Identifier: MIT */
/* The JSON report, "schema": "vmatrace.report/1"; fields are added, never changed. */
#ifndef VMT_JSON_H
#define VMT_JSON_H

#include "input/load.h"
#include "json/json_output.h"
#include "symbols/symbols.h"

#include <stdio.h>

/* Write all recordings as one document. Returns 0 or -errno. */
int vmt_json_write(FILE *stream, const struct vmt_recordings *recordings,
		   struct vmt_symbols *symbols);

/* One of its processes; is_brief leaves out its call sites and what is found in them. */
void vmt_json_put_process(struct vmt_json_output *output, const struct vmt_view *view,
			  struct vmt_symbols *symbols, bool is_brief);

#endif
