/* SPDX-License-Identifier: MIT */
/* Names the report's rows, and tells them apart: see rowkey.c. The caller frees all names. */
#ifndef VMT_ROWKEY_H
#define VMT_ROWKEY_H

#include "core/recording/view.h"
#include "symbols/symbols.h"

enum vmt_rows_by {
	VMT_ROWS_BY_LINE, /* system call and place in the user's code; the default */
	VMT_ROWS_BY_SITE,
	VMT_ROWS_BY_FUNCTION,
	VMT_ROWS_BY_MODULE,
	VMT_ROWS_BY_CALL,
};

/* Returns the base name of a frame's module. */
char *vmt_rowkey_module(const struct vmt_view *view, uint64_t frame);

/*
 * Returns what a site is grouped by. ret_label is NULL if the core's own name for the place is
 * better.
 */
char *vmt_rowkey_of(const struct vmt_view *view, struct vmt_symbols *symbols, enum vmt_rows_by by,
		    uint64_t index, const struct vmt_rec_site *site, char **ret_label);

#endif
