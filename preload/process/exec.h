/* SPDX-License-Identifier: MIT */
/*
 * execve: the image ends, unless the call fails.
 */
#ifndef VMT_EXEC_H
#define VMT_EXEC_H

#include "state/state.h"

/* execve is about to be made; it has failed. */
void vmt_exec_before(struct vmt_state *state);
void vmt_exec_after(struct vmt_state *state);

#endif
