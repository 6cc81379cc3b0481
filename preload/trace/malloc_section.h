/* SPDX-License-Identifier: MIT */
/*
 * What the malloc door has counted, by the module that the functions are in, in the recording.
 * Maps that change inside an allocator need no counter: their stacks say so. Under the lock.
 */
#ifndef VMT_MALLOC_SECTION_H
#define VMT_MALLOC_SECTION_H

#include "state/state.h"

/* Begin to count, if malloc= says so; when the table is ready, since it names the modules. */
void vmt_malloc_section_start(struct vmt_state *state);

/* Counts of a fork child begin at zero, but it has its parent's allocations. */
void vmt_malloc_section_start_child(struct vmt_state *state);

/* Write the counts into the recording. */
void vmt_malloc_section_publish(struct vmt_state *state);

/* After a memory call: the same if time has passed, or many more were allocated. */
void vmt_malloc_section_tick(struct vmt_state *state, uint64_t time);

#endif
