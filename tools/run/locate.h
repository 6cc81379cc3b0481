/* SPDX-License-Identifier: MIT */
/* Where the library is: beside the tool, in a build tree as well as installed. */
#ifndef VMT_LOCATE_H
#define VMT_LOCATE_H

#include <stddef.h>

/* The absolute path of libvmatrace.so; 0, -ENOENT or -ENAMETOOLONG. */
int vmt_locate_library(char *path, size_t size);

#endif
