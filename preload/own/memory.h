/* SPDX-License-Identifier: MIT */
/*
 * The library's own memory: private memory between pages of /dev/zero, so that it never merges with
 * the program's, and one page that a fork child finds wiped.
 */
#ifndef VMT_MEMORY_H
#define VMT_MEMORY_H

#include "state/state.h"

/*
 * Make the state, and the arenas to start with. Where addresses are scarce (ulimit -v), the arenas
 * are smaller, and the state's options have a smaller max_maps and max_sites. Returns NULL if there
 * is no memory.
 */
struct vmt_state *vmt_memory_make(const struct vmt_options *options);

/*
 * Map another block of zeroed memory, of *size bytes, or less if the ceiling or a limit of addresses requires
 * it, but more than `least`. Returns NULL if there is none.
 */
void *vmt_memory_block(struct vmt_state *state, size_t least, size_t *size);

/*
 * Map private zeroed memory, made in the way in which ld.so makes its own. Returns NULL on failure.
 */
void *vmt_memory_map(size_t size);

/* Make the page that vmt_alive points to. Returns 0 or -errno. */
int vmt_memory_make_alive(struct vmt_state *state);

/* Remember that these addresses belong to the library. */
void vmt_memory_own(struct vmt_state *state, const void *start, size_t size);
void vmt_memory_disown(struct vmt_state *state, const void *start);

/* Valgrind's helgrind or drd is to report no races in what belongs to the library. */
void vmt_memory_ignore_races(struct vmt_state *state);

/* Unmap a map of the library's, and remove it from the table. */
void vmt_memory_drop(struct vmt_state *state, void *start, size_t size);

/* Flag a map that the kernel has reported if it is the library's. */
static inline void vmt_memory_flag(const struct vmt_state *state, struct vmt_vma *vma)
{
	for (unsigned i = 0; i < state->own.count; i++)
		if (vma->start >= state->own.range[i].start && vma->start < state->own.range[i].end)
			vma->flags |= VMT_MAP_OWN;
}

#endif
