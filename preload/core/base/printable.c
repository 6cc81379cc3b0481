/* SPDX-License-Identifier: MIT */
/*
 * UTF-8 as in RFC 3629, which accepts the shortest form only. Where text was cut within a
 * character, that character is lost.
 */
#include "core/base/printable.h"

size_t vmt_printable_length(const unsigned char *text, size_t left)
{
	unsigned char first = text[0];
	size_t n = first < 0x80 ? 1 :
		   first < 0xc2 ? 0 :
		   first < 0xe0 ? 2 :
		   first < 0xf0 ? 3 :
		   first < 0xf5 ? 4 :
				  0;

	if (n > left)
		return 0;
	for (size_t i = 1; i < n; i++) {
		if ((text[i] & 0xc0) != 0x80)
			return 0;
	}
	/* Refuse overlong forms, surrogates, and code points beyond U+10FFFF. */
	if ((first == 0xe0 && text[1] < 0xa0) || (first == 0xed && text[1] > 0x9f) ||
	    (first == 0xf0 && text[1] < 0x90) || (first == 0xf4 && text[1] > 0x8f))
		return 0;
	return n;
}

static bool is_harmful(const unsigned char *text, size_t n)
{
	if (n == 1)
		return text[0] < ' ' || text[0] == 0x7f;
	if (n == 2) /* U+0080 to U+009f */
		return text[0] == 0xc2 && text[1] < 0xa0;
	if (n != 3 || text[0] != 0xe2)
		return false;
	/* U+2028 to U+202e, U+2066 to U+2069 */
	return (text[1] == 0x80 && text[2] >= 0xa8 && text[2] <= 0xae) ||
	       (text[1] == 0x81 && text[2] >= 0xa6 && text[2] <= 0xa9);
}

void vmt_printable(char *bytes, size_t n)
{
	unsigned char *text = (unsigned char *)bytes;
	size_t length;

	for (size_t i = 0; i < n; i += length) {
		length = vmt_printable_length(text + i, n - i);
		if (length && !is_harmful(text + i, length))
			continue;
		length = length ? length : 1;
		for (size_t k = 0; k < length; k++)
			text[i + k] = '?';
	}
}
