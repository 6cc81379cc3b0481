/* SPDX-License-Identifier: MIT */
/*
 * The library's own memory: one private map of /dev/zero, which never merges with the
 * program's anonymous memory, and one page that a fork child finds wiped.
 */
#ifndef VMT_MEMORY_H
#define VMT_MEMORY_H

#include "state.h"

/* Make the state, with its arenas sized by the options. NULL when memory cannot be had. */
struct vmt_state *vmt_memory_make(const struct vmt_options *options);

/* Make the page behind vmt_alive. Returns 0 or -errno. */
int vmt_memory_make_alive(struct vmt_state *state);

/* These addresses are the library's. */
void vmt_memory_own(struct vmt_state *state, const void *start, size_t size);
void vmt_memory_disown(struct vmt_state *state, const void *start);

#endif
