/* SPDX-License-Identifier: MIT */
/*
 * Builds paths, numbers and short strings in fixed buffers, without stdio. The result is always
 * terminated. Used by the library, and for all numbers that fmt.h and the tools write.
 */
#ifndef VMT_LINE_H
#define VMT_LINE_H

#include "core/base/base.h"

struct vmt_line {
	char *bytes;
	size_t size;
	size_t length;
	bool is_cut; /* the text did not fit, and was cut */
};

struct vmt_line vmt_line_in(char *bytes, size_t size);
void vmt_line_add(struct vmt_line *text, const char *string);
void vmt_line_add_bytes(struct vmt_line *text, const char *bytes, size_t length);
void vmt_line_add_number(struct vmt_line *text, uint64_t number);
void vmt_line_add_hex(struct vmt_line *text, uint64_t number);
/* 12,345 */
void vmt_line_add_grouped(struct vmt_line *text, uint64_t number);
/* +12,345 and -12,345; 0 has no sign. */
void vmt_line_add_signed(struct vmt_line *text, int64_t number);

#endif
