/* SPDX-License-Identifier: MIT */
/*
 * Writes the JSON report piece by piece, so that at most a call site or two are in memory at once.
 * The result reads as if jansson had written one object. Used by the JSON report's files.
 */
#ifndef VMT_JSON_OUTPUT_H
#define VMT_JSON_OUTPUT_H

#include "json/json_pack.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

struct vmt_json_output {
	FILE *stream;
	/* NULL for a document of its own. Otherwise the output is part of an HTML page: values are
	 * packed, and no byte of a string has a meaning in HTML. */
	struct vmt_json_pack *pack;
	int indent; /* blanks after each newline, in addition to jansson's own */
	int error; /* the first errno */
	bool owes_newline; /* jansson's last token was a newline, which has not been written yet */
	size_t used;
	char text[65536];
};

/* Write text as it is. */
void vmt_json_put(struct vmt_json_output *output, const char *text);

/* Write a value, and take it over; each of its lines is indented by `indent` more blanks. */
void vmt_json_put_value(struct vmt_json_output *output, int indent, json_t *value);

/* Write a value that is packed already or need not be, and take it over. */
void vmt_json_put_packed(struct vmt_json_output *output, json_t *value);

/* Write the members of an object without its braces and the last newline, and take it over. */
void vmt_json_put_members(struct vmt_json_output *output, int indent, json_t *object);

/* Write what is left. Returns 0 or -errno; the error may have occurred earlier. */
int vmt_json_finish(struct vmt_json_output *output);

#endif
