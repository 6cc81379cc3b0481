/* SPDX-License-Identifier: MIT */
/* The JSON report, "schema": "vmatrace.report/1"; fields are added, never changed. */
#ifndef VMT_JSON_H
#define VMT_JSON_H

#include "input/load.h"
#include "symbols/symbols.h"

#include <stdio.h>

/* Write all recordings as one document. Returns 0 or -errno. */
int vmt_json_write(FILE *stream, const struct vmt_recordings *recordings,
		   struct vmt_symbols *symbols);

#endif
