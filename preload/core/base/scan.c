/* SPDX-License-Identifier: MIT */
/* Never reads beyond the end of the text; see scan.h. */
#include "core/base/scan.h"

const char *vmt_scan_find(const char *text, size_t length, const char *what)
{
	size_t size = __builtin_strlen(what);

	for (size_t i = 0; i + size <= length; i++)
		if (__builtin_memcmp(text + i, what, size) == 0)
			return text + i;
	return NULL;
}

uint64_t vmt_scan_number(const char *at, const char *end)
{
	uint64_t number = 0;

	for (; at < end && *at >= '0' && *at <= '9'; at++)
		number = number * 10 + (uint64_t)(*at - '0');
	return number;
}

uint64_t vmt_scan_number_after(const char *text, size_t length, const char *key)
{
	const char *at = vmt_scan_find(text, length, key);
	const char *end = text + length;

	if (!at)
		return 0;
	for (at += __builtin_strlen(key); at < end && (*at == ' ' || *at == '\t'); at++)
		;
	return vmt_scan_number(at, end);
}

uint64_t vmt_scan_field(const char *text, size_t length, unsigned field)
{
	const char *end = text + length;

	for (; field && text < end; text++)
		field -= *text == ' ';
	return vmt_scan_number(text, end);
}
