/* SPDX-License-Identifier: MIT */
/* Finds the library, which lies beside the tool, in a build tree as well as in an installation. */
#ifndef VMT_LOCATE_H
#define VMT_LOCATE_H

#include <stddef.h>

/* Get the absolute path of libvmatrace.so. Returns 0, -ENOENT or -ENAMETOOLONG. */
int vmt_locate_library(char *path, size_t size);

#endif
