/* SPDX-License-Identifier: MIT */
/*
 * One line of /proc/PID/maps (proc(5)), for the library and the tools.
 */
#ifndef VMT_MAPSLINE_H
#define VMT_MAPSLINE_H

#include "core/vma/space.h"

struct vmt_mapsline {
	struct vmt_vma vma; /* flags: VMT_MAP_VISIBLE, and VMT_MAP_STACK for [stack] */
	const char *name; /* into the line; not terminated */
	size_t name_length;
};

/* line: without its newline. Returns 0 or -EBADMSG (ret_line is untouched then). */
VMT_MUST_CHECK int vmt_mapsline_parse(const char *line, size_t length,
				      struct vmt_mapsline *ret_line);

/*
 * Of what class is the map if nothing has changed it since it was made: the break is memory of brk,
 * writable memory without a name is of mmap or of a program's .bss, which are alike.
 */
uint32_t vmt_mapsline_class(const struct vmt_mapsline *line);

/* [vsyscall] stands in the text but is not a map of the process. */
bool vmt_mapsline_is_vsyscall(const struct vmt_mapsline *line);

#endif
