/* SPDX-License-Identifier: MIT */
/*
 * The library's own memory: private maps of /dev/zero, which never merge with the
 * program's anonymous memory, and one page that a fork child finds wiped.
 */
#ifndef VMT_MEMORY_H
#define VMT_MEMORY_H

#include "state/state.h"

/*
 * Make the state, with arenas to begin with. Where addresses are scarce (ulimit -v) it is smaller,
 * and so are the options' max_maps and max_sites in it. NULL when memory cannot be had.
 */
struct vmt_state *vmt_memory_make(const struct vmt_options *options);

/*
 * Another block of memory, zeroed: *size bytes, or less if the ceiling says so. NULL if there is
 * none.
 */
void *vmt_memory_block(struct vmt_state *state, size_t *size);

/* A private map of zeroes, which is made as ld.so makes its own. NULL on failure. */
void *vmt_memory_map(size_t size);

/* Make the page behind vmt_alive. Returns 0 or -errno. */
int vmt_memory_make_alive(struct vmt_state *state);

/* These addresses are the library's. */
void vmt_memory_own(struct vmt_state *state, const void *start, size_t size);
void vmt_memory_disown(struct vmt_state *state, const void *start);

/* Give a map of the library's back, and take it out of the table. */
void vmt_memory_drop(struct vmt_state *state, void *start, size_t size);

/* Flag what is the library's in an answer of the kernel's. */
static inline void vmt_memory_flag(const struct vmt_state *state, struct vmt_vma *vma)
{
	for (unsigned i = 0; i < state->own_count; i++)
		if (vma->start >= state->own[i].start && vma->start < state->own[i].end)
			vma->flags |= VMT_MAP_OWN;
}

#endif
