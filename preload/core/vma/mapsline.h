/* SPDX-License-Identifier: MIT */
/* Parses one line of /proc/PID/maps (proc(5)), for the library and the tools. */
#ifndef VMT_MAPSLINE_H
#define VMT_MAPSLINE_H

#include "core/vma/space.h"

struct vmt_mapsline {
	struct vmt_vma vma; /* flags: those in VMT_MAP_VISIBLE, and VMT_MAP_STACK for [stack] */
	const char *name; /* points into the line; not NUL-terminated */
	size_t name_length;
};

/* line must not include the newline. Returns 0, or -EBADMSG with ret_line untouched. */
VMT_MUST_CHECK int vmt_mapsline_parse(const char *line, size_t length,
				      struct vmt_mapsline *ret_line);

/*
 * The class of the map, if nothing has changed it since it was made. The heap comes from brk.
 * Writable memory without a name comes from mmap or is a program's .bss; these two are alike.
 */
uint32_t vmt_mapsline_class(const struct vmt_mapsline *line);

/* Is this [vsyscall], which is listed in the file but is not a map of the process? */
bool vmt_mapsline_is_vsyscall(const struct vmt_mapsline *line);

#endif
