/* SPDX-License-Identifier: MIT */
/* How the rows of a report are named and told apart: see rowkey.c. The caller frees all names. */
#ifndef VMT_ROWKEY_H
#define VMT_ROWKEY_H

#include "rows/rows.h"

/* Base name of a frame's module. */
char *vmt_rowkey_module(const struct vmt_view *view, uint64_t frame);

/* What a site is grouped by; ret_label is NULL where the core names the place better. */
char *vmt_rowkey_of(const struct vmt_view *view, struct vmt_symbols *symbols, enum vmt_rows_by by,
		    uint64_t index, const struct vmt_rec_site *site, char **ret_label);

#endif
