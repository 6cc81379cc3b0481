/* SPDX-License-Identifier: MIT */
/*
 * Lines of text without stdio: a buffer for one line, numbers with thousands separators and signs,
 * columns, and word wrap at 80 columns. Every line gets the `==PID==` prefix. Nothing is allocated,
 * no floating point is used, and the buffer takes about 700 bytes of stack. The text report and the
 * library's own messages are written with it.
 */
#ifndef VMT_FMT_H
#define VMT_FMT_H

#include "core/base/base.h"

#define VMT_FMT_WIDTH 80u

struct vmt_fmt {
	void (*emit)(void *context, const char *bytes, size_t n);
	void *context;
	uint32_t pid;
	uint32_t prefix; /* width of "==PID== " */
	uint32_t width; /* columns of a line, VMT_FMT_WIDTH unless changed */
	bool colour;
	bool is_partial; /* the first part of the line has been emitted already */
	size_t used;
	char line[600];
};

void vmt_fmt_init(struct vmt_fmt *fmt, void (*emit)(void *context, const char *bytes, size_t n),
		  void *context, uint32_t pid);

/* Append bytes; those that a terminal would interpret become '?'. */
void vmt_fmt_bytes(struct vmt_fmt *fmt, const char *bytes, size_t n);
void vmt_fmt_str(struct vmt_fmt *fmt, const char *text);

/* Append 12,345 or +12,345, right-aligned in width columns (0: no padding). */
void vmt_fmt_num(struct vmt_fmt *fmt, uint64_t value, uint32_t width);
void vmt_fmt_signed(struct vmt_fmt *fmt, int64_t value, uint32_t width);
void vmt_fmt_hex(struct vmt_fmt *fmt, uint64_t value);
/* Append text, left-aligned in width columns. */
void vmt_fmt_left(struct vmt_fmt *fmt, const char *text, uint32_t width);
/* "1 call", "2 calls" */
void vmt_fmt_count(struct vmt_fmt *fmt, uint64_t value, const char *noun);
/* Nanoseconds as seconds with one decimal: "12.4 s". */
void vmt_fmt_seconds(struct vmt_fmt *fmt, uint64_t ns);

/* May the line end at text[at], a space? Not between a number and its unit (5 %, 1.2 s). */
bool vmt_fmt_may_break(const char *text, size_t n, size_t at);

/* Returns the number of columns left in the line. */
size_t vmt_fmt_room(const struct vmt_fmt *fmt);

/* Emit the line. */
void vmt_fmt_end(struct vmt_fmt *fmt);
/* Emit the line broken between words; the continuation lines are indented by `indent` columns. */
void vmt_fmt_wrap(struct vmt_fmt *fmt, uint32_t indent);
/* Emit the line without the prefix, as the summary is. */
void vmt_fmt_end_bare(struct vmt_fmt *fmt);

#endif
