/* SPDX-License-Identifier: MIT */
/* Builds JSON values; see value.h. */
#include "util/value.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

json_t *vmt_value_text(const char *bytes, size_t n)
{
	json_t *text = json_stringn(bytes, n);
	char *copy;

	if (text)
		return text;
	copy = malloc(n + 1);
	if (!copy)
		return json_null();
	for (size_t i = 0; i < n; i++)
		copy[i] = (unsigned char)bytes[i] < 128 ? bytes[i] : '?';
	text = json_stringn(copy, n);
	free(copy);
	return text ? text : json_null();
}

json_t *vmt_value_recorded(const struct vmt_view *view, struct vmt_rec_string string)
{
	struct vmt_view_string text = vmt_view_string(view, string);

	return text.length ? vmt_value_text(text.bytes, text.length) : json_null();
}

json_t *vmt_value_string(const char *text)
{
	return text ? vmt_value_text(text, strlen(text)) : json_null();
}

json_t *vmt_value_seconds(uint64_t ns)
{
	return json_real((double)ns / 1e9);
}

json_t *vmt_value_lines(const char *text)
{
	json_t *array = json_array();

	while (*text) {
		size_t length = strcspn(text, "\n");

		json_array_append_new(array, vmt_value_text(text, length));
		text += length + (text[length] == '\n');
	}
	return array;
}

int vmt_value_dump(FILE *stream, json_t *root)
{
	int ret = json_dumpf(root, stream, JSON_INDENT(1)) ? -EIO : 0;

	fputc('\n', stream);
	json_decref(root);
	return ret;
}

void vmt_value_add_if_any(json_t *object, const char *key, json_t *array)
{
	if (json_array_size(array))
		json_object_set_new(object, key, array);
	else
		json_decref(array);
}

void vmt_value_add_counters(json_t *object, const struct vmt_rec_counters *counters)
{
	vmt_value_add_number(object, "calls", counters->calls);
	vmt_value_add_number(object, "failed", counters->failed);
	vmt_value_add_number(object, "created", counters->created);
	vmt_value_add_number(object, "split", counters->split);
	vmt_value_add_number(object, "merged", counters->merged);
	vmt_value_add_number(object, "removed", counters->removed);
	json_object_set_new(object, "net", json_integer(vmt_view_net(counters)));
}
