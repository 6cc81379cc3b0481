/* SPDX-License-Identifier: MIT */
/* JSON values for the contents of a recording. */
#ifndef VMT_VALUE_H
#define VMT_VALUE_H

#include "core/recording/view.h"

#include <jansson.h>
#include <stdio.h>

/*
 * A string, with '?' for bytes that are not UTF-8; null for a NULL pointer, or for an empty string
 * of a recording.
 */
json_t *vmt_value_text(const char *bytes, size_t n);
json_t *vmt_value_string(const char *text);
json_t *vmt_value_recorded(const struct vmt_view *view, struct vmt_rec_string string);
json_t *vmt_value_seconds(uint64_t ns);

/* An array of the lines of a text, without their ends. */
json_t *vmt_value_lines(const char *text);

/* Write a document, and a newline after it. Takes root over. Returns 0 or -EIO. */
int vmt_value_dump(FILE *stream, json_t *root);

/* Add array, unless it is empty: "not recorded" is not the same as "none". Takes array over. */
void vmt_value_add_if_any(json_t *object, const char *key, json_t *array);

/* Add calls, failed, created, split, merged, removed and net. */
void vmt_value_add_counters(json_t *object, const struct vmt_rec_counters *counters);

static inline void vmt_value_add_number(json_t *object, const char *key, uint64_t value)
{
	json_object_set_new(object, key, json_integer((json_int_t)value));
}

#endif
