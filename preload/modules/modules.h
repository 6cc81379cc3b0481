/* SPDX-License-Identifier: MIT */
/*
 * Turns addresses of code into (module, file offset). The table itself knows which file is mapped
 * where, so dlclose and reused addresses do no harm later.
 */
#ifndef VMT_MODULES_H
#define VMT_MODULES_H

#include "state/state.h"

/* The function `frame_of` of vmt_callsites_ops; context is the state. Under the lock. */
struct vmt_rec_frame vmt_modules_frame_of(void *context, uint64_t addr);

/* Ask for the names of all files that hold code, as long as that is allowed. Under the lock. */
void vmt_modules_learn(struct vmt_state *state);

/*
 * Find the file of a script, whose path has this hash, among the modules; VMT_NO_INDEX = there is
 * no room. Under the lock.
 */
uint32_t vmt_modules_script(struct vmt_state *state, const char *path, size_t length,
			    uint64_t hash);

#endif
