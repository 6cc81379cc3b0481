/* SPDX-License-Identifier: MIT */
/*
 * What rare calls need besides their arguments: ranges that lie in the program's memory, which
 * descriptors are userfaultfds with maps registered, whether protections are still what was asked
 * for. Called around the calls, in any thread and handler; takes no lock.
 */
#ifndef VMT_USER_ARGS_H
#define VMT_USER_ARGS_H

#include "core/vma/change.h"
#include "os/shim.h"
#include "state/state.h"

/* done has its result: complete what the kernel has read or written in the program's memory. */
void vmt_user_args_complete(struct vmt_state *state, struct vmt_done *done);

/*
 * Is call nr the close of a userfaultfd that maps were registered with? Then maps that only the
 * registration kept apart may merge. It counts as closed from here on.
 */
bool vmt_user_args_is_userfault_close(struct vmt_state *state, long nr, const long args[6]);

/*
 * Will the call return only when who reads from a userfaultfd has been told of it, who may map
 * memory before? Then the lock may not be held. Counts what was registered, wherever mremap has
 * moved it.
 */
bool vmt_user_args_may_wait(struct vmt_state *state, const struct vmt_done *done);
void vmt_user_args_note_move(struct vmt_state *state, const struct vmt_done *done);

/* personality(2) was called with this argument, and succeeded. */
void vmt_user_args_note_personality(struct vmt_state *state, unsigned long persona);

#endif
