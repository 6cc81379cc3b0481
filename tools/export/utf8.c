/* SPDX-License-Identifier: MIT */
/*
 * A path consists of any bytes that a program chose, and a function's name of any bytes in its
 * debug information. See utf8.h.
 */
#include "export/utf8.h"
#include "util/must.h"

#include <stdbool.h>
#include <stdint.h>

static bool is_continuation(unsigned char byte)
{
	return (byte & 0xc0) == 0x80;
}

/* Returns the length of the sequence that begins with this byte; 0 if none does. */
static size_t sequence_length(unsigned char byte)
{
	if (byte < 0x80)
		return byte != 0;
	if (byte >= 0xc2 && byte < 0xe0)
		return 2;
	if (byte >= 0xe0 && byte < 0xf0)
		return 3;
	return byte >= 0xf0 && byte < 0xf5 ? 4 : 0;
}

/*
 * Returns the length of a sequence that is complete, in its shortest form, no surrogate and not
 * above U+10FFFF; otherwise 0.
 */
static size_t valid_length(const unsigned char *at, size_t n)
{
	size_t length = sequence_length(*at);

	if (length > n)
		return 0;
	for (size_t i = 1; i < length; i++) {
		if (!is_continuation(at[i]))
			return 0;
	}
	if ((at[0] == 0xe0 && at[1] < 0xa0) || (at[0] == 0xed && at[1] > 0x9f) ||
	    (at[0] == 0xf0 && at[1] < 0x90) || (at[0] == 0xf4 && at[1] > 0x8f))
		return 0;
	return length;
}

static uint32_t code_point(const unsigned char *at, size_t length)
{
	static const unsigned char first_bits[] = { 0, 0x7f, 0x1f, 0x0f, 0x07 };
	uint32_t code = at[0] & first_bits[length];

	for (size_t i = 1; i < length; i++)
		code = code << 6 | (at[i] & 0x3f);
	return code;
}

static bool is_control(uint32_t code)
{
	return code < 0x20 || (code >= 0x7f && code < 0xa0) || code == 0x61c || code == 0x200e ||
	       code == 0x200f || (code >= 0x2028 && code <= 0x202e) ||
	       (code >= 0x2066 && code <= 0x2069);
}

char *vmt_utf8_copy(const char *bytes, size_t n)
{
	const unsigned char *at = (const unsigned char *)bytes;
	char *copy = vmt_must_alloc(n + 1, 1);
	size_t used = 0;
	size_t length;

	for (size_t i = 0; i < n; i += length ? length : 1) {
		length = valid_length(at + i, n - i);
		if (!length || is_control(code_point(at + i, length))) {
			copy[used++] = '?';
			continue;
		}
		memcpy(copy + used, at + i, length);
		used += length;
	}
	return copy;
}
