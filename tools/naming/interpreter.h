/* SPDX-License-Identifier: MIT */
/*
 * Interpreters, whose stacks end in C functions: how to see functions of scripts instead. Used by
 * the text report and by check.
 */
#ifndef VMT_INTERPRETER_H
#define VMT_INTERPRETER_H

#include "core/recording/view.h"
#include "symbols/symbols.h"

/*
 * Returns what to tell the user of an interpreter whose stacks have no names of scripts; NULL if it
 * is no interpreter, if nearly all names are known, or if it has the marks that are all there is to tell.
 */
const char *vmt_interpreter_hint(const struct vmt_view *view, struct vmt_symbols *symbols);

#endif
