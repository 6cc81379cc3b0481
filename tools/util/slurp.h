/* SPDX-License-Identifier: MIT */
/*
 * Reads a whole file: one from /proc, which has no size, a saved text, or a pipe. It never waits
 * for a writer that has not opened the pipe, but waits for a slow one.
 */
#ifndef VMT_SLURP_H
#define VMT_SLURP_H

#include "core/base/base.h"

#include <string.h>

/* Read path ("-": standard input) into memory from malloc, NUL-terminated. Returns 0 or -errno. */
VMT_MUST_CHECK int vmt_slurp(const char *path, char **ret_text, size_t *ret_size);

/*
 * Allocate a large block without page faults later, which would take as long as parsing. Free with
 * free().
 */
void *vmt_slurp_allocate(size_t bytes);

/* Returns the length of the byte order mark that some editors put before UTF-8; 0 = none. */
static inline size_t vmt_slurp_mark(const char *text, size_t size)
{
	return size >= 3 && !memcmp(text, "\xef\xbb\xbf", 3) ? 3 : 0;
}

#endif
