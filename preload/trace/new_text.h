/* SPDX-License-Identifier: MIT */
#ifndef VMT_NEW_TEXT_H
#define VMT_NEW_TEXT_H

#include "core/vma/change.h"
#include "state/state.h"

/*
 * This call has mapped a file as text, or tried to. If it is the text of a module, which no thread
 * executes yet, patch the system calls in it. Under the lock.
 */
void vmt_new_text_catch(struct vmt_state *state, const struct vmt_done *done);

#endif
