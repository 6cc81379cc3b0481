/* SPDX-License-Identifier: MIT */
/*
 * The maps of a process as text: /proc/PID/maps or smaps, or a file with such text. Names in it may
 * contain any bytes. Used by the command maps.
 */
#ifndef VMT_PROCMAPS_H
#define VMT_PROCMAPS_H

#include "input/explain_map.h"

#include <sys/types.h>

struct vmt_procmaps {
	char *text; /* the names in map point into it */
	struct vmt_explain_map *map;
	size_t count; /* [vsyscall] does not count */
	size_t bad_line; /* after -EBADMSG: the number of the invalid line */
	bool is_cut; /* the text ended within a line, which is left out */
};

/*
 * Read and parse the saved text at path ("-": standard input): lines of maps, or of smaps with
 * their VmFlags. Returns 0 or -errno; -EBADMSG if the text is something else. An empty text is no
 * error (a kernel thread has no maps). Free the result in either case.
 */
VMT_MUST_CHECK int vmt_procmaps_read(const char *path, struct vmt_procmaps *ret_maps);

/* Parse text[0, size), which must come from malloc and is taken over. Returns the same. */
VMT_MUST_CHECK int vmt_procmaps_parse(char *text, size_t size, struct vmt_procmaps *ret_maps);

/*
 * Read the maps of a process. with_flags: from smaps, together with the NUMA policies (a kernel
 * without NUMA has none). Returns the same as vmt_procmaps_read().
 */
VMT_MUST_CHECK int vmt_procmaps_read_process(pid_t pid, bool with_flags,
					     struct vmt_procmaps *ret_maps);

void vmt_procmaps_free(struct vmt_procmaps *maps);

/* Add the NUMA policies from /proc/PID/numa_maps. Returns 0 or -errno (not readable, no NUMA). */
int vmt_procmaps_read_policies(struct vmt_procmaps *maps, const char *path);

#endif
