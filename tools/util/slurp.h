/* SPDX-License-Identifier: MIT */
/*
 * A file's contents as a whole: texts of /proc, which have no size, saved texts, pipes.
 * Never waits for a writer that has not come; waits for one that is slow.
 */
#ifndef VMT_SLURP_H
#define VMT_SLURP_H

#include "core/base/base.h"

#include <string.h>

/* NUL-terminated, malloc'd; 0 or -errno. "-" is standard input. */
VMT_MUST_CHECK int vmt_slurp(const char *path, char **ret_text, size_t *ret_size);

/* Memory for a lot at once: page faults would take as long as parsing does. Free with free(). */
void *vmt_slurp_allocate(size_t bytes);

/* Bytes of the mark that some editors begin UTF-8 with; 0 = there is none. */
static inline size_t vmt_slurp_mark(const char *text, size_t size)
{
	return size >= 3 && !memcmp(text, "\xef\xbb\xbf", 3) ? 3 : 0;
}

#endif
