/* SPDX-License-Identifier: MIT */
/*
 * Writes the counts of the malloc door into the recording, by the module that contains the
 * functions. Maps that change inside an allocator need no counter, since their stacks show the
 * allocator. Under the lock.
 */
#ifndef VMT_ALLOCATIONS_H
#define VMT_ALLOCATIONS_H

#include "os/shim.h"
#include "state/state.h"

/* Start counting if malloc= allows it; when the table is ready, since it identifies the modules. */
void vmt_allocations_start(struct vmt_state *state);

/* In a fork child: counts start at zero, but the child has its parent's allocations. */
void vmt_allocations_start_child(struct vmt_state *state);

/* Write the counts into the recording. */
void vmt_allocations_publish(struct vmt_state *state);

/*
 * After a memory call: write the counts if some time has passed, or if there were many allocations.
 */
void vmt_allocations_tick(struct vmt_state *state, uint64_t time);

/*
 * Is free missing on the stack of a call of this thread, since it ended in a jump? The call is about what
 * was given to free last, and returns to where free was called.
 */
bool vmt_allocations_is_free(const struct vmt_done *done, const struct vmt_walk *stack);

#endif
