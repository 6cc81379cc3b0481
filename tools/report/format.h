/* SPDX-License-Identifier: MIT */
/* What a report contains, and in which format it is written. */
#ifndef VMT_REPORT_FORMAT_H
#define VMT_REPORT_FORMAT_H

#include "export/export.h"
#include "picture/picture.h"
#include "rows/rows.h"

#include <jansson.h>

enum vmt_format {
	VMT_FORMAT_NONE,
	VMT_FORMAT_TEXT,
	VMT_FORMAT_JSON,
	VMT_FORMAT_HTML,
	VMT_FORMAT_FOLDED,
	VMT_FORMAT_SPEEDSCOPE,
	VMT_FORMAT_PPROF,
	VMT_FORMAT_CHROME,
	VMT_FORMAT_OPENMETRICS,
	VMT_FORMAT_CSV,
	VMT_FORMATS,
};

/* For complaints about an unknown format; "none" is accepted as well. */
#define VMT_PRINT_FORMATS "text, html, json, folded, speedscope, pprof, chrome, openmetrics or csv"

struct vmt_print_options {
	enum vmt_format format;
	uint64_t top; /* 0 = default */
	uint32_t depth; /* 0 = default */
	bool verbose;
	bool colour;
	struct vmt_picture_style picture; /* columns 0 = no picture in text */
	const char *symbols; /* a directory with more symbol files, or NULL */
	uint32_t pid; /* the process to show; 0 = choose one in text, show all in other formats */
	enum vmt_export_value value; /* for formats that show one value */
	struct vmt_rows_options rows;
	json_t *diff; /* for html: what differs from another run; NULL = nothing to compare with */
};

#endif
