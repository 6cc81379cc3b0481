/* SPDX-License-Identifier: MIT */
/* execve: this process image ends, unless the call fails. */
#ifndef VMT_EXEC_H
#define VMT_EXEC_H

#include "state/state.h"

/* execve is about to be made; and: it has failed. */
void vmt_exec_before(struct vmt_state *state);
void vmt_exec_after(struct vmt_state *state);

/*
 * execve or execveat (nr) is about to be made in a child that has no state of its own: a fork child
 * that has not touched its maps, or a vfork child, which shares our memory. If the new program will
 * not be recorded, because the environment that it is given lacks what it takes, leave a link that
 * says so (lost.h), since there is no recording that would.
 */
void vmt_exec_of_child(struct vmt_state *state, long nr, const long args[6]);

#endif
