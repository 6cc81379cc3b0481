/* SPDX-License-Identifier: MIT */
/*
 * Asking the kernel about maps, in three ways: PROCMAP_QUERY (Linux 6.11), a
 * failing mremap that tells whether two maps are one, and reading /proc/self/maps.
 */
#ifndef VMT_ASK_H
#define VMT_ASK_H

#include "state/state.h"

/* The real thing behind resolve.h; context is the state. Call under the lock. */
extern const struct vmt_kernel_ops vmt_ask_ops;

/* The map that addr lies in, as the kernel shows it now. 0 or -errno. Counted as a question. */
int vmt_ask_vma(struct vmt_state *state, uint64_t addr, struct vmt_vma *ret_vma);

/* Can the kernel be asked for the text of maps, as far as is known? */
bool vmt_ask_is_possible(void);

/* Open /proc/self/maps and find out which ways work. Also after fork: the mm is fixed at open. */
void vmt_ask_open(struct vmt_state *state);

/*
 * Every map of the process, from the text, with what only the text tells: VMT_MAP_STACK,
 * and the class that new maps with such names are of (vmt_mapsline_class).
 */
int vmt_ask_everything(struct vmt_state *state, struct vmt_outcome *outcome);

/*
 * The name and build-id of the file mapped at addr. Returns the length of the
 * path (0 = none), which is cut to size.
 */
size_t vmt_ask_name(struct vmt_state *state, uint64_t addr, char *path, size_t size,
		    uint8_t build_id[VMT_BUILD_ID_MAX], uint32_t *ret_build_id_length);

/*
 * The map that addr lies in, if it can be read; false if it cannot be told. Any thread, without the
 * lock.
 */
bool vmt_ask_bounds(struct vmt_state *state, uint64_t addr, struct vmt_range *ret_bounds);

#endif
