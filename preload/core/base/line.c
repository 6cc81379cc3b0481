/* SPDX-License-Identifier: MIT */
/* Appends to a fixed buffer; see line.h. */
#include "core/base/line.h"

struct vmt_line vmt_line_in(char *bytes, size_t size)
{
	bytes[0] = '\0';
	return (struct vmt_line){ .bytes = bytes, .size = size };
}

void vmt_line_add_bytes(struct vmt_line *text, const char *bytes, size_t length)
{
	for (size_t i = 0; i < length; i++) {
		if (text->length + 1 >= text->size) {
			text->is_cut = true;
			break;
		}
		text->bytes[text->length++] = bytes[i];
	}
	text->bytes[text->length] = '\0';
}

void vmt_line_add(struct vmt_line *text, const char *string)
{
	vmt_line_add_bytes(text, string, __builtin_strlen(string));
}

static void add_in_base(struct vmt_line *text, uint64_t number, unsigned base, bool is_grouped)
{
	char digits[32];
	size_t at = sizeof(digits);
	int n = 0;

	do {
		if (is_grouped && n && n % 3 == 0)
			digits[--at] = ',';
		digits[--at] = "0123456789abcdef"[number % base];
		number /= base;
		n++;
	} while (number);
	vmt_line_add_bytes(text, digits + at, sizeof(digits) - at);
}

void vmt_line_add_number(struct vmt_line *text, uint64_t number)
{
	add_in_base(text, number, 10, false);
}

void vmt_line_add_hex(struct vmt_line *text, uint64_t number)
{
	add_in_base(text, number, 16, false);
}

void vmt_line_add_grouped(struct vmt_line *text, uint64_t number)
{
	add_in_base(text, number, 10, true);
}

void vmt_line_add_signed(struct vmt_line *text, int64_t number)
{
	if (number)
		vmt_line_add(text, number < 0 ? "-" : "+");
	vmt_line_add_grouped(text, number < 0 ? -(uint64_t)number : (uint64_t)number);
}
