/* SPDX-License-Identifier: MIT */
/*
 * The maps of a process as text: /proc/PID/maps or smaps, or a file that holds such text.
 * Reads only; a name in it may hold any bytes. Used by the command maps.
 */
#ifndef VMT_PROCMAPS_H
#define VMT_PROCMAPS_H

#include "input/explain_map.h"

#include <sys/types.h>

struct vmt_procmaps {
	char *text; /* the names in map point here */
	struct vmt_explain_map *map;
	size_t count; /* without [vsyscall] */
	size_t bad_line; /* after -EBADMSG: number of the line that is none of maps */
	bool is_cut; /* the text ends within a line, which is left out */
};

/*
 * Read the saved text at path ("-": standard input) to its end and parse it: lines of maps, or
 * of smaps with their VmFlags. Returns 0 or -errno: -EBADMSG for text that is something else;
 * nothing at all is no error (a kernel thread has no maps). Free the result in any case.
 */
VMT_MUST_CHECK int vmt_procmaps_read(const char *path, struct vmt_procmaps *ret_maps);

/* Parse text[0, size), which is the callee's from now on (malloc). Same results. */
VMT_MUST_CHECK int vmt_procmaps_parse(char *text, size_t size, struct vmt_procmaps *ret_maps);

/*
 * The maps of a process; with_flags: smaps, and the NUMA policies beside (a kernel without
 * NUMA has none). Same results as vmt_procmaps_read.
 */
VMT_MUST_CHECK int vmt_procmaps_read_process(pid_t pid, bool with_flags,
					     struct vmt_procmaps *ret_maps);

void vmt_procmaps_free(struct vmt_procmaps *maps);

/* Add the NUMA policies from /proc/PID/numa_maps; 0 or -errno (not readable, no NUMA). */
int vmt_procmaps_read_policies(struct vmt_procmaps *maps, const char *path);

#endif
