/* SPDX-License-Identifier: MIT */
/*
 * The unwinder's modules in step with the table of maps: code that dlopen has mapped is learnt from
 * the file's own headers in memory, and what was unmapped is forgotten. Under the lock.
 */
#ifndef VMT_UNWIND_LEARN_H
#define VMT_UNWIND_LEARN_H

#include "state/state.h"

static inline bool vmt_unwind_learn_is_code(const struct vmt_vma *vma)
{
	return (vma->flags & VMT_MAP_EXEC) && vma->inode;
}

/* Of the table, a map was made or changed: is it code that must be learnt? */
static inline void vmt_unwind_learn_note(struct vmt_state *state, const struct vmt_vma *vma)
{
	if (VMT_LIKELY(!vmt_unwind_learn_is_code(vma)))
		return;
	state->code_is_many |= state->code_is_new && state->code_is_new != vma->start;
	state->code_is_new = vma->start;
}

/* What was noted is known: ld.so has told the constructor of it. */
static inline void vmt_unwind_learn_none(struct vmt_state *state)
{
	state->code_is_new = 0;
	state->code_is_many = false;
}

/* Learn what was noted. */
void vmt_unwind_learn_new(struct vmt_state *state);

static inline void vmt_unwind_learn(struct vmt_state *state)
{
	if (VMT_UNLIKELY(state->code_is_new))
		vmt_unwind_learn_new(state);
}

/* Forget what the table has no map for any more, and all rows. */
void vmt_unwind_learn_gone(struct vmt_state *state);

/* ld.so is about to unmap this: nobody may be led to its tables meanwhile. */
void vmt_unwind_learn_before(const struct vmt_done *done);

#endif
