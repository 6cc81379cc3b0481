/* SPDX-License-Identifier: MIT */
/*
 * The program's own code without names of functions, or without lines: how they are to be had. Used
 * by the text report.
 */
#ifndef VMT_UNNAMED_H
#define VMT_UNNAMED_H

#include "core/recording/view.h"
#include "symbols/symbols.h"

/*
 * Returns what to tell the user of a program whose own code has frames without a function, about the
 * module with most of them; or else call sites without a line, about the module without any line that
 * most of their maps are from; NULL if there are none. The caller frees it.
 */
char *vmt_unnamed_hint(const struct vmt_view *view, struct vmt_symbols *symbols);

#endif
