/* SPDX-License-Identifier: MIT */
/*
 * Names of generated code, from the text files that runtimes write for perf(1):
 * /tmp/perf-PID.map, lines of "START SIZE NAME" in hexadecimal.
 */
#ifndef VMT_PERFMAP_H
#define VMT_PERFMAP_H

#include <stddef.h>
#include <stdint.h>

struct vmt_perfmap_entry {
	uint64_t start; /* first, for sorted.h */
	uint64_t size;
	size_t line; /* later ones replace earlier ones */
	char *name;
};

struct vmt_perfmap {
	uint32_t pid;
	struct vmt_perfmap_entry *item;
	size_t count;
};

/*
 * Read the map of process pid, or nothing if there is none; directory is looked at before
 * /tmp if it is not NULL. A file older than since (ns since 1970) is of another process.
 */
void vmt_perfmap_read(struct vmt_perfmap *ret_map, uint32_t pid, uint64_t since,
		      const char *directory);
void vmt_perfmap_free(struct vmt_perfmap *map);

/* The name of the code that address lies in, or NULL. */
const char *vmt_perfmap_find(const struct vmt_perfmap *map, uint64_t address);

#endif
