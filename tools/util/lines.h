/* SPDX-License-Identifier: MIT */
/*
 * Lines of text gathered for printing elsewhere, broken between words. Pure but for
 * malloc; when there is none, lines are missing. Bytes a terminal would act on become '?'.
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

/* Add formatted text; where it is broken, the lines that follow begin with indent blanks. */
void vmt_lines_add(struct vmt_lines *lines, uint32_t indent, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Keep at most so many. */
void vmt_lines_cut(struct vmt_lines *lines, size_t count);
void vmt_lines_free(struct vmt_lines *lines);

/* 12,345 in a buffer of the caller's, which is returned. */
struct vmt_number {
	char text[32];
};
const char *vmt_lines_number(struct vmt_number *buffer, uint64_t value);
/* +12,345, -12,345; 0 has no sign. */
const char *vmt_lines_number_signed(struct vmt_number *buffer, int64_t value);
/* 4 KiB, 1.5 MiB */
const char *vmt_lines_number_bytes(struct vmt_number *buffer, uint64_t bytes);

/* For struct vmt_fmt: what is made goes to stream, a FILE *. */
void vmt_lines_emit(void *stream, const char *bytes, size_t n);

#endif
