/* SPDX-License-Identifier: MIT */
/* Call sites that nobody can tell apart, since a compiler made two of one line. */
#ifndef VMT_SAME_LINE_H
#define VMT_SAME_LINE_H

#include "rows/rows.h"

/* Does a row stand for call sites whose stacks read the same? For a handful of call sites. */
bool vmt_same_line_find(const struct vmt_rows *rows, const struct vmt_view *view,
			struct vmt_symbols *symbols);

#endif
