/* SPDX-License-Identifier: MIT */
/*
 * The shared libraries that a program needs (DT_NEEDED). An invalid file needs none.
 * Used by target.c.
 */
#ifndef VMT_NEEDED_H
#define VMT_NEEDED_H

#include <stdbool.h>

/*
 * Does the program open as fd need a library whose name contains this part? The offset of fd is
 * restored.
 */
bool vmt_needed_has(int fd, const char *part);

#endif
