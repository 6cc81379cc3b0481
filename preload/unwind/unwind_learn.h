/* SPDX-License-Identifier: MIT */
/*
 * Keeps the unwinder's modules in step with the table of maps: code mapped by dlopen is learnt from
 * the file's own headers in memory, and unmapped code is forgotten. Under the lock.
 */
#ifndef VMT_UNWIND_LEARN_H
#define VMT_UNWIND_LEARN_H

#include "state/state.h"

/* Discard what was noted: the constructor knows it already, from ld.so's list. */
void vmt_unwind_learn_none(struct vmt_state *state);

/* Code is about to leave the table. */
void vmt_unwind_learn_note_gone(struct vmt_state *state, struct vmt_range code);

/* Learn the code that is noted in state->code. */
void vmt_unwind_learn_new(struct vmt_state *state);

/*
 * Forget modules that the table has no maps for any more, and what is cached about code in them.
 * state->code_place.gone contains all that is gone. Returns false if no stack led through it.
 */
bool vmt_unwind_learn_gone(struct vmt_state *state);

/* ld.so is about to unmap this range: no walk may use its tables from now on. */
void vmt_unwind_learn_before(const struct vmt_done *done);

#endif
