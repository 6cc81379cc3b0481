/* SPDX-License-Identifier: MIT */
/*
 * Gathers lines of text to be printed later, broken between words. Pure except for malloc; without
 * memory, lines are missing. Bytes that a terminal would interpret become '?'.
 */
#ifndef VMT_LINES_H
#define VMT_LINES_H

#include <stddef.h>
#include <stdint.h>

struct vmt_lines {
	char **line;
	size_t count;
	uint32_t width; /* columns of a line */
};

/* Add formatted text. Where it is broken, each continuation line begins with indent blanks. */
void vmt_lines_add(struct vmt_lines *lines, uint32_t indent, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Keep at most `count` lines. */
void vmt_lines_cut(struct vmt_lines *lines, size_t count);
/* Leave out the item that begins at *before if it does not fit into `most` lines; go to the next. */
void vmt_lines_end_item(struct vmt_lines *lines, size_t *before, size_t most);
void vmt_lines_free(struct vmt_lines *lines);

/* Write 12,345 into the caller's buffer, and return it. */
struct vmt_number {
	char text[32];
};
const char *vmt_lines_number(struct vmt_number *buffer, uint64_t value);
/* +12,345, -12,345; 0 has no sign. */
const char *vmt_lines_number_signed(struct vmt_number *buffer, int64_t value);
/* 12,345, -12,345 */
const char *vmt_lines_number_plain(struct vmt_number *buffer, int64_t value);
/* 4 KiB, 1.5 MiB */
const char *vmt_lines_number_bytes(struct vmt_number *buffer, uint64_t bytes);

/* An emit function for struct vmt_fmt; stream is a FILE *. */
void vmt_lines_emit(void *stream, const char *bytes, size_t n);

#endif
