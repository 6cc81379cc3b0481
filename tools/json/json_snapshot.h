/* SPDX-License-Identifier: MIT */
/* The maps of one process at one moment, as JSON. Used by the command maps. */
#ifndef VMT_JSON_SNAPSHOT_H
#define VMT_JSON_SNAPSHOT_H

#include "explain/snapshot.h"

#include <jansson.h>

json_t *vmt_json_snapshot(const struct vmt_snapshot *snapshot);

#endif
