/* SPDX-License-Identifier: MIT */
/*
 * Asks the kernel about maps, in three ways: PROCMAP_QUERY (Linux 6.11), an mremap that is bound to
 * fail but tells whether two maps are one, and reading /proc/self/maps.
 */
#ifndef VMT_ASK_H
#define VMT_ASK_H

#include "state/state.h"

/* Functions of struct vmt_kernel_ops (kernel_ops.h); context is the state. Call under the lock. */
int vmt_ask_walk(void *context, struct vmt_range range, struct vmt_outcome *outcome);
int vmt_ask_boundary(void *context, const struct vmt_vma *right);
bool vmt_ask_is_alone(void *context);

/*
 * Find the map that contains addr, as the kernel has it now. Returns 0 or -errno. Counts as a
 * question.
 */
int vmt_ask_vma(struct vmt_state *state, uint64_t addr, struct vmt_vma *ret_vma);

/* Can the list of maps be read, as far as is known? */
bool vmt_ask_is_possible(void);

/*
 * Open /proc/self/maps, and find out which ways work. Also after fork: an open file keeps showing
 * the maps of the process that opened it.
 */
void vmt_ask_open(struct vmt_state *state);

/*
 * Read every map of the process from the text, with what only the text shows: VMT_MAP_STACK, and
 * the class that new maps with such names have (vmt_mapsline_class).
 */
int vmt_ask_everything(struct vmt_state *state, struct vmt_outcome *outcome);

/*
 * Get the path and build-id of the file mapped at addr. Returns the length of the path (0 = none),
 * which is cut to size.
 */
size_t vmt_ask_name(struct vmt_state *state, uint64_t addr, char *path, size_t size,
		    uint8_t build_id[VMT_BUILD_ID_MAX], uint32_t *ret_build_id_length);

/*
 * Find the map that contains addr, if it is readable; false if that cannot be told. Any thread,
 * without the lock.
 */
bool vmt_ask_bounds(struct vmt_state *state, uint64_t addr, struct vmt_range *ret_bounds);

#endif
