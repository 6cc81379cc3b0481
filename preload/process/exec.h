/* SPDX-License-Identifier: MIT */
/* execve: this process image ends, unless the call fails. */
#ifndef VMT_EXEC_H
#define VMT_EXEC_H

#include "state/state.h"

/*
 * execve or execveat (nr) is about to be made. Returns whether the image that ends is the one that the
 * state belongs to. If it is a child without a state of its own, and the new program will not be recorded
 * because the environment that it is given lacks what it takes, leave a link that says so (lost.h).
 */
bool vmt_exec_before(struct vmt_state *state, long nr, const long args[6]);

/* It was the state's own image, and the call has failed. */
void vmt_exec_after(struct vmt_state *state);

#endif
