/* SPDX-License-Identifier: MIT */
/*
 * Rows of the report's table that read alike, since what differs did not fit, or is further out on
 * the stack. They get a line that tells them apart.
 */
#ifndef VMT_APART_H
#define VMT_APART_H

#include "rows/rows.h"

/* places: what the table shows of the first rows, a NUL behind each (vmt_report_places). */
void vmt_apart_tell(struct vmt_rows *rows, const struct vmt_view *view, struct vmt_symbols *symbols,
		    const char *places, size_t length);

#endif
