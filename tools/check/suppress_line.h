/* SPDX-License-Identifier: MIT */
/*
 * The line that would suppress a call site. The project's innermost function is often a helper of
 * many others, so the functions that called it are part of the line.
 */
#ifndef VMT_SUPPRESS_LINE_H
#define VMT_SUPPRESS_LINE_H

#include "check/suppress.h"

/* Returns how many of the project's functions a line can name, apart from main and its like. */
uint32_t vmt_suppress_line_depth(const struct vmt_summary_site *site);

/*
 * Returns a line that would suppress the site and not the whole program, with at most `depth`
 * functions, the innermost ones, each called by the next if the stack tells; the caller frees it.
 * NULL: there is none, as where neither a function nor a line is known.
 */
char *vmt_suppress_line(const struct vmt_summary_site *site, uint32_t depth);

/* Does the line for the site name a line of the source, which moves when others are added above it? */
bool vmt_suppress_line_is_numbered(const struct vmt_summary_site *site);

/*
 * Returns what the site's line covers that is not about calls of one function of the project by
 * another, such as "everything of libpool.so.3"; NULL for any other. The caller frees it.
 */
char *vmt_suppress_line_extent(const struct vmt_summary_site *site, const char *line);

#endif
