/* SPDX-License-Identifier: MIT */
/*
 * Memory for commands that have nothing to save when it runs out: they exit. Not for code that runs
 * beside a traced program.
 */
#ifndef VMT_MUST_H
#define VMT_MUST_H

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static inline void *vmt_must(void *memory)
{
	if (!memory)
		abort();
	return memory;
}

static inline void *vmt_must_alloc(size_t count, size_t size)
{
	return vmt_must(calloc(count ? count : 1, size));
}

static inline char *vmt_must_copy(const char *text)
{
	return vmt_must(strdup(text));
}

/* Make room for one more element in an array of `used` elements. */
static inline void *vmt_must_grow(void *array, size_t used, size_t size)
{
	return vmt_must(realloc(array, (used + 1) * size));
}

__attribute__((format(printf, 1, 2))) static inline char *vmt_must_format(const char *format, ...)
{
	char *text = NULL;
	va_list args;

	va_start(args, format);
	if (vasprintf(&text, format, args) < 0)
		abort();
	va_end(args);
	return text;
}

#endif
