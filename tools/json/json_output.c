/* SPDX-License-Identifier: MIT */
/*
 * jansson writes one token at a time, so tokens are collected here. After an error nothing more is
 * written, and the error is returned at the end. See json_output.h.
 */
#include "json/json_output.h"

#include <errno.h>
#include <string.h>

#define FLAGS (JSON_INDENT(1) | JSON_REAL_PRECISION(12))

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

/*
 * A newline is a token of its own. It is held back, and can be dropped as long as nothing follows
 * it.
 */
static int put(const char *bytes, size_t n, void *context)
{
	struct vmt_json_output *output = context;

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
	if (json_dump_callback(value, put, output, FLAGS | more_flags))
		fail(output);
	/* Drop the newline before the closing brace, which is not written. */
	output->owes_newline = false;
	output->indent -= indent;
	json_decref(value);
}

void vmt_json_put_value(struct vmt_json_output *output, int indent, json_t *value)
{
	dump(output, indent, value, 0);
}

void vmt_json_put_members(struct vmt_json_output *output, int indent, json_t *object)
{
	dump(output, indent, object, JSON_EMBED);
}

int vmt_json_finish(struct vmt_json_output *output)
{
	flush(output);
	return -output->error;
}
