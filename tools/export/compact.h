/* SPDX-License-Identifier: MIT */
/* Values of JSON written on one line, in the files that are for viewers only. */
#ifndef VMT_COMPACT_H
#define VMT_COMPACT_H

#include <jansson.h>
#include <stdio.h>

/* Takes the value over. Whether the stream took it is seen at its end. */
static inline void vmt_compact_put(FILE *stream, json_t *value)
{
	json_dumpf(value, stream, JSON_COMPACT | JSON_ENCODE_ANY | JSON_REAL_PRECISION(15));
	json_decref(value);
}

#endif
