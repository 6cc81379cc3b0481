/* SPDX-License-Identifier: MIT */
#ifndef VMT_NEW_TEXT_H
#define VMT_NEW_TEXT_H

#include "core/vma/change.h"
#include "state/state.h"

/*
 * If this call has made a module's text appear, which nobody runs yet, catch the system calls that
 * it makes by itself. Under the lock.
 */
void vmt_new_text_catch(struct vmt_state *state, const struct vmt_done *done);

#endif
