/* SPDX-License-Identifier: MIT */
/*
 * jansson writes one token at a time, so tokens are collected here. After an error nothing more is
 * written, and the error is returned at the end. See json_output.h.
 */
#include "json/json_output.h"

#include <errno.h>
#include <string.h>

#define FLAGS        (JSON_INDENT(1) | JSON_REAL_PRECISION(12))
#define PACKED_FLAGS (JSON_COMPACT | JSON_ENCODE_ANY | JSON_ENSURE_ASCII | JSON_REAL_PRECISION(12))

static void fail(struct vmt_json_output *output)
{
	if (!output->error)
		output->error = errno ? errno : EIO;
}

static void flush(struct vmt_json_output *output)
{
	if (fwrite(output->text, 1, output->used, output->stream) != output->used)
		fail(output);
	output->used = 0;
}

static void append_output(struct vmt_json_output *output, const char *bytes, size_t n)
{
	if (n > sizeof(output->text) - output->used)
		flush(output);
	if (n <= sizeof(output->text)) {
		memcpy(output->text + output->used, bytes, n);
		output->used += n;
	} else if (fwrite(bytes, 1, n, output->stream) != n) {
		fail(output);
	}
}

/* Only JSON's strings contain these characters, and their escaped forms mean the same there. */
static void append_escaped(struct vmt_json_output *output, const char *bytes, size_t n)
{
	size_t begun = 0;

	for (size_t i = 0; i < n; i++) {
		const char *instead = bytes[i] == '<' ? "\\u003c" :
				      bytes[i] == '>' ? "\\u003e" :
				      bytes[i] == '&' ? "\\u0026" :
							NULL;

		if (!instead)
			continue;
		append_output(output, bytes + begun, i - begun);
		append_output(output, instead, 6);
		begun = i + 1;
	}
	append_output(output, bytes + begun, n - begun);
}

/*
 * A newline is a token of its own. It is held back, and can be dropped as long as nothing follows
 * it.
 */
static int put(const char *bytes, size_t n, void *context)
{
	struct vmt_json_output *output = context;

	if (output->pack) {
		append_escaped(output, bytes, n);
		return output->error ? -1 : 0;
	}
	if (output->owes_newline)
		append_output(output, "\n          ", 1 + (size_t)output->indent);
	output->owes_newline = n == 1 && *bytes == '\n';
	if (!output->owes_newline)
		append_output(output, bytes, n);
	return output->error ? -1 : 0;
}

void vmt_json_put(struct vmt_json_output *output, const char *text)
{
	append_output(output, text, strlen(text));
}

static void dump(struct vmt_json_output *output, int indent, json_t *value, size_t more_flags)
{
	output->indent += indent;
	if (json_dump_callback(value, put, output,
			       (output->pack ? PACKED_FLAGS : FLAGS) | more_flags))
		fail(output);
	/* Drop the newline before the closing brace, which is not written. */
	output->owes_newline = false;
	output->indent -= indent;
	json_decref(value);
}

void vmt_json_put_value(struct vmt_json_output *output, int indent, json_t *value)
{
	dump(output, indent, output->pack ? vmt_json_pack(output->pack, "", value) : value, 0);
}

void vmt_json_put_packed(struct vmt_json_output *output, json_t *value)
{
	dump(output, 0, value, 0);
}

void vmt_json_put_members(struct vmt_json_output *output, int indent, json_t *object)
{
	const char *key;
	json_t *value;

	if (output->pack) {
		json_object_foreach(object, key, value)
		{
			json_object_set_new(object, key,
					    vmt_json_pack(output->pack, key, json_incref(value)));
		}
	}
	dump(output, indent, object, JSON_EMBED);
}

int vmt_json_finish(struct vmt_json_output *output)
{
	flush(output);
	return -output->error;
}
