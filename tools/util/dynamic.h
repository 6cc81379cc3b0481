/* SPDX-License-Identifier: MIT */
/* The dynamic section of an ELF file, read by libelf, which checks offsets. */
#ifndef VMT_DYNAMIC_H
#define VMT_DYNAMIC_H

#include <stdbool.h>

/*
 * What to do with an entry that has a text: tag is DT_NEEDED, DT_RPATH or DT_RUNPATH. Returns whether
 * to go on.
 */
typedef bool vmt_dynamic_entry(void *context, long tag, const char *text);

/* Call `each` for such entries in the file's order. An invalid file has none. */
void vmt_dynamic_read(int fd, vmt_dynamic_entry *each, void *context);

#endif
