/* SPDX-License-Identifier: MIT */
/* Calls that change no maps, but affect later ones: fork, exec, filters, signals. */
#ifndef VMT_OTHER_H
#define VMT_OTHER_H

#include "state/state.h"

/* Make the call, and note what it means for the library. */
long vmt_other_call(struct vmt_state *state, long nr, const long args[6]);

/*
 * Likewise for a fork child that has not touched its maps yet, and may never: most go on to exec.
 */
long vmt_other_child_call(struct vmt_state *state, long nr, const long args[6]);

#endif
