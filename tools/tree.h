/* SPDX-License-Identifier: MIT */
/* The processes of several recordings, a line each, children below their parents. */
#ifndef VMT_TREE_H
#define VMT_TREE_H

#include "load.h"

#include <stdio.h>

/* chosen: which of them is described below the tree; it gets a mark. */
void vmt_tree_print(FILE *stream, const struct vmt_recordings *recordings, size_t chosen);

#endif
