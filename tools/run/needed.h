/* SPDX-License-Identifier: MIT */
/*
 * The shared libraries that a program names as needed (DT_NEEDED), by libelf.
 A file
 * that is not what it seems needs nothing. Called by target.c.
 */
#ifndef VMT_NEEDED_H
#define VMT_NEEDED_H

#include <stdbool.h>

/* Does the program open as fd need a library whose name has this part? The offset of fd is kept. */
bool vmt_needed_has(int fd, const char *part);

#endif
