/* SPDX-License-Identifier: MIT */
/*
 * The processes of several recordings, a line each, children below their parents. Only makes
 * the text; used by print_text.c.
 */
#ifndef VMT_TREE_H
#define VMT_TREE_H

#include "input/load.h"

#include <stdio.h>

/*
 * chosen: which of them is described below the tree; its process gets a mark. Unless all are
 * wanted, of many processes only the chosen one, its ancestors and those with the highest
 * peaks have a line.
 */
void vmt_tree_print(FILE *stream, const struct vmt_recordings *recordings, size_t chosen, bool all);

#endif
