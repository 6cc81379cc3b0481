/* SPDX-License-Identifier: MIT */
/* execve: this process image ends, unless the call fails. */
#ifndef VMT_EXEC_H
#define VMT_EXEC_H

#include "state/state.h"

/* execve is about to be made; and: it has failed. */
void vmt_exec_before(struct vmt_state *state);
void vmt_exec_after(struct vmt_state *state);

#endif
