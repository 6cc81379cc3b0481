/* SPDX-License-Identifier: MIT */
/* The maps of one process at one moment, as JSON. Used by the command maps. */
#ifndef VMT_SNAPSHOT_JSON_H
#define VMT_SNAPSHOT_JSON_H

#include "explain/snapshot.h"

#include <jansson.h>

json_t *vmt_snapshot_json(const struct vmt_snapshot *snapshot);

#endif
