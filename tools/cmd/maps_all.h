/* SPDX-License-Identifier: MIT */
/* The list of all processes with their number of maps. Used by the command maps. */
#ifndef VMT_MAPS_ALL_H
#define VMT_MAPS_ALL_H

#include "util/lines.h"

#include <jansson.h>

/*
 * Add all readable processes, those with most maps first, to lines or (if lines is NULL) to the
 * JSON array.
 */
int vmt_maps_all(struct vmt_lines *lines, json_t *array);

#endif
