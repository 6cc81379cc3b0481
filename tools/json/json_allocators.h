/* SPDX-License-Identifier: MIT */
/* The allocators of a recording in the JSON report. */
#ifndef VMT_JSON_ALLOCATORS_H
#define VMT_JSON_ALLOCATORS_H

#include "explain/allocators.h"

#include <jansson.h>

/* Returns the array "allocators" of the JSON report; NULL if nothing was recorded. */
json_t *vmt_json_allocators(const struct vmt_allocators *allocators);

#endif
