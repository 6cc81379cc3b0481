/* SPDX-License-Identifier: MIT */
/*
 * Names of generated code, from the text files that runtimes write for perf(1): /tmp/perf-PID.map,
 * with lines of "START SIZE NAME" in hexadecimal.
 */
#ifndef VMT_PERFMAP_H
#define VMT_PERFMAP_H

#include <stddef.h>
#include <stdint.h>

struct vmt_perfmap_entry {
	uint64_t start; /* the first member, for sorted.h */
	uint64_t size;
	size_t line; /* a later line replaces earlier ones */
	char *name;
	char *doubtful; /* the name with VMT_PERFMAP_DOUBT, once it was needed */
};

/* Ends a name if other code was at the same address, before or after: which one it was is unknown. */
#define VMT_PERFMAP_DOUBT " [or another]"

struct vmt_perfmap {
	uint32_t pid;
	struct vmt_perfmap_entry *item;
	size_t count;
};

/*
 * Read the map of process pid, which is empty if there is none. directory, unless NULL, is searched
 * before /tmp. A file older than `since` (ns since 1970) belongs to another process.
 */
void vmt_perfmap_read(struct vmt_perfmap *ret_map, uint32_t pid, uint64_t since,
		      const char *directory);
void vmt_perfmap_free(struct vmt_perfmap *map);

/* Returns the name of the code at address, the latest of several; or NULL. */
const char *vmt_perfmap_find(struct vmt_perfmap *map, uint64_t address);

#endif
