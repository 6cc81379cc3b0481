/* SPDX-License-Identifier: MIT */
/*
 * The processes of several recordings, a line each, with children below their parents. Used by
 * print_text.c.
 */
#ifndef VMT_TREE_H
#define VMT_TREE_H

#include "input/load.h"

#include <stdio.h>

/*
 * chosen: the process that the report below describes; it gets a mark. If there are many processes,
 * only this one, its ancestors, and those with the highest peaks have a line, unless `all` is set.
 */
void vmt_tree_print(FILE *stream, const struct vmt_recordings *recordings, size_t chosen, bool all);

#endif
