/* SPDX-License-Identifier: MIT */
/*
 * Where the JSON report is written piece by piece, so that no more than a call site or two are in
 * memory at once; it reads as if jansson had written one object. Used by the JSON report's files.
 */
#ifndef VMT_JSON_OUTPUT_H
#define VMT_JSON_OUTPUT_H

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

struct vmt_json_output {
	FILE *stream;
	int indent; /* blanks after each newline, before jansson's own */
	int error; /* errno, for good */
	bool owes_newline; /* jansson's last token was one */
	size_t used;
	char text[65536];
};

/* Part of the text, as it is. */
void vmt_json_put(struct vmt_json_output *output, const char *text);

/* A value, which is taken over, with so many blanks more on each of its lines. */
void vmt_json_put_value(struct vmt_json_output *output, int indent, json_t *value);

/* The members of an object, which is taken over, without its braces and the last newline. */
void vmt_json_put_members(struct vmt_json_output *output, int indent, json_t *object);

/* Write what is left. Returns 0 or -errno, whenever that was. */
int vmt_json_finish(struct vmt_json_output *output);

#endif
