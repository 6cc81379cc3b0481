/* SPDX-License-Identifier: MIT */
/*
 * Rare calls need more than their arguments: ranges in the program's memory, descriptors that are
 * userfaultfds with registered maps, and whether protections are still what was asked for. Called
 * around the calls, in any thread and signal handler; takes no lock.
 */
#ifndef VMT_USER_ARGS_H
#define VMT_USER_ARGS_H

#include "core/vma/change.h"
#include "os/shim.h"
#include "state/state.h"

/*
 * done has its result: complete it with what the kernel has read or written in the program's
 * memory.
 */
void vmt_user_args_complete(struct vmt_state *state, struct vmt_done *done);

/*
 * Does call nr close a userfaultfd that maps were registered with? Then maps may merge that only
 * the registration kept apart. It counts as closed from now on.
 */
bool vmt_user_args_is_userfault_close(struct vmt_state *state, long nr, const long args[6]);

/* Were maps registered with any userfaultfd? */
bool vmt_user_args_has_userfault(struct vmt_state *state);

/*
 * Does the call return only after the reader of a userfaultfd has been told, and may that reader
 * map memory first? Then the lock must not be held. vmt_user_args_note_move() keeps track of
 * registered memory that mremap has moved.
 */
bool vmt_user_args_may_wait(struct vmt_state *state, const struct vmt_done *done);
void vmt_user_args_note_move(struct vmt_state *state, const struct vmt_done *done);

/* personality(2) was called with this argument and succeeded. */
void vmt_user_args_note_personality(struct vmt_state *state, unsigned long persona);

#endif
