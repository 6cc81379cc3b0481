/* SPDX-License-Identifier: MIT */
/*
 * Keeps the unwinder's modules in step with the table of maps: code mapped by dlopen is learnt from
 * the file's own headers in memory, and unmapped code is forgotten. Under the lock.
 */
#ifndef VMT_UNWIND_LEARN_H
#define VMT_UNWIND_LEARN_H

#include "state/state.h"

static inline bool vmt_unwind_learn_is_code(const struct vmt_vma *vma)
{
	return (vma->flags & VMT_MAP_EXEC) && vma->inode;
}

/* A map of the table was made or changed: is it code that has to be learnt? */
static inline void vmt_unwind_learn_note(struct vmt_state *state, const struct vmt_vma *vma)
{
	if (VMT_LIKELY(!vmt_unwind_learn_is_code(vma)))
		return;
	state->code.is_many |= state->code.mapped && state->code.mapped != vma->start;
	state->code.mapped = vma->start;
}

/* Discard what was noted: the constructor knows it already, from ld.so's list. */
static inline void vmt_unwind_learn_none(struct vmt_state *state)
{
	state->code.mapped = 0;
	state->code.is_many = false;
}

/* Learn what was noted. */
void vmt_unwind_learn_new(struct vmt_state *state);

static inline void vmt_unwind_learn(struct vmt_state *state)
{
	if (VMT_UNLIKELY(state->code.mapped))
		vmt_unwind_learn_new(state);
}

/* Forget modules that the table has no maps for any more, and all rows. */
void vmt_unwind_learn_gone(struct vmt_state *state);

/* ld.so is about to unmap this range: no walk may use its tables from now on. */
void vmt_unwind_learn_before(const struct vmt_done *done);

#endif
