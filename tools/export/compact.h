/* SPDX-License-Identifier: MIT */
/* JSON values on a single line, for files that only viewers read. */
#ifndef VMT_COMPACT_H
#define VMT_COMPACT_H

#include <jansson.h>
#include <stdio.h>

/* Takes the value over. Write errors are found when the stream is closed. */
static inline void vmt_compact_put(FILE *stream, json_t *value)
{
	json_dumpf(value, stream, JSON_COMPACT | JSON_ENCODE_ANY | JSON_REAL_PRECISION(15));
	json_decref(value);
}

#endif
