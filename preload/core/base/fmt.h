/* SPDX-License-Identifier: MIT */
/*
 * Lines of text without stdio: a buffer for one line, numbers with thousands
 * separators and signs, columns, and word wrap at 80 columns. Every line gets the
 * `==PID==` prefix. No allocation, no floating point, about 700 bytes on the stack.
 * Used by the text report and by the library's own messages.
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
	bool is_partial; /* the line's first part was already written */
	size_t used;
	char line[600];
};

/* strlen(3) without libc's, which uses vector registers. */
size_t vmt_fmt_length(const char *text);

void vmt_fmt_init(struct vmt_fmt *fmt, void (*emit)(void *context, const char *bytes, size_t n),
		  void *context, uint32_t pid);

/* Append; bytes that a terminal would act on become '?'. */
void vmt_fmt_bytes(struct vmt_fmt *fmt, const char *bytes, size_t n);
void vmt_fmt_str(struct vmt_fmt *fmt, const char *text);

/* 12,345 and +12,345, right-aligned in width columns (0 = as wide as it is). */
void vmt_fmt_num(struct vmt_fmt *fmt, uint64_t value, uint32_t width);
void vmt_fmt_signed(struct vmt_fmt *fmt, int64_t value, uint32_t width);
void vmt_fmt_hex(struct vmt_fmt *fmt, uint64_t value);
/* Text left-aligned in width columns. */
void vmt_fmt_left(struct vmt_fmt *fmt, const char *text, uint32_t width);
/* "1 call", "2 calls" */
void vmt_fmt_count(struct vmt_fmt *fmt, uint64_t value, const char *noun);
/* Nanoseconds as seconds with one decimal: "12.4 s". */
void vmt_fmt_seconds(struct vmt_fmt *fmt, uint64_t ns);

/* Whether text[at], a space, may end a line: not between a number and its unit (5 %, 1.2 s). */
bool vmt_fmt_may_break(const char *text, size_t n, size_t at);

/* Columns left in this line. */
size_t vmt_fmt_room(const struct vmt_fmt *fmt);

/* End the line as it is, … */
void vmt_fmt_end(struct vmt_fmt *fmt);
/* …or broken between words, the following lines indented by so many columns, … */
void vmt_fmt_wrap(struct vmt_fmt *fmt, uint32_t indent);
/* …or without a prefix, as the summary is. */
void vmt_fmt_end_bare(struct vmt_fmt *fmt);

#endif
