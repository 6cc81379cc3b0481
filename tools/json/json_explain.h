/* SPDX-License-Identifier: MIT */
/*
 * An explanation as JSON, for both `report` and `maps`. Builds values only; the caller writes them.
 */
#ifndef VMT_JSON_EXPLAIN_H
#define VMT_JSON_EXPLAIN_H

#include "explain/explain.h"

#include <jansson.h>

/* Add "kinds", "patterns", "neighbours", "holes" and "cost" to an object. */
void vmt_json_explain(json_t *object, const struct vmt_explain *explain);

/* Add "files": groups of mapped files, each with its number of maps. */
void vmt_json_explain_files(json_t *object, const struct vmt_explain *explain);

#endif
