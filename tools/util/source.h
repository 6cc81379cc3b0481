/* SPDX-License-Identifier: MIT */
/*
 * Paths of source files as a reader of a report can use them: relative to the root of the
 * repository, which is what annotations of a forge and editors expect.
 */
#ifndef VMT_SOURCE_H
#define VMT_SOURCE_H

#include <stdbool.h>

/*
 * A path, made absolute by directory (which may be NULL), and then relative to the folder that CI
 * checked out ($GITHUB_WORKSPACE, $CI_PROJECT_DIR) or to the working directory, whichever it lies
 * below first. "." and ".." are resolved by name. The caller frees it.
 */
char *vmt_source_path(const char *directory, const char *path);

/* The same with the folders given: what is NULL or empty is passed over. */
char *vmt_source_below(const char *path, const char *const *roots, int count);

/* Whether a file is the system's rather than a project's, as "/usr/include/c++/12/thread" is. */
bool vmt_source_is_system(const char *path);

#endif
