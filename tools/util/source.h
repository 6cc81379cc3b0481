/* SPDX-License-Identifier: MIT */
/*
 * Paths of source files as readers of a report can use them: relative to the root of the
 * repository, as editors and a forge's annotations expect.
 */
#ifndef VMT_SOURCE_H
#define VMT_SOURCE_H

#include <stdbool.h>

/*
 * Make a path absolute with directory (which may be NULL), and then relative to the folder that CI
 * checked out ($GITHUB_WORKSPACE, $CI_PROJECT_DIR) or to the working directory; the first of these
 * that contains it counts. "." and ".." are resolved by name. The caller frees the result.
 */
char *vmt_source_path(const char *directory, const char *path);

/* The same with the folders given; those that are NULL or empty are skipped. */
char *vmt_source_below(const char *path, const char *const *roots, int count);

/*
 * Does the file belong to the system rather than to a project, like "/usr/include/c++/12/thread"?
 */
bool vmt_source_is_system(const char *path);

#endif
