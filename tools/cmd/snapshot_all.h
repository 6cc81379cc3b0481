/* SPDX-License-Identifier: MIT */
/* The list of all processes and how many maps each has. Used by the command maps. */
#ifndef VMT_SNAPSHOT_ALL_H
#define VMT_SNAPSHOT_ALL_H

#include "util/lines.h"

#include <jansson.h>

/* All processes that can be read, most maps first, as lines or (lines NULL) as JSON. */
int vmt_snapshot_all(struct vmt_lines *lines, json_t *array);

#endif
