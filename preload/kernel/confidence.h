/* SPDX-License-Identifier: MIT */
/*
 * How far this process may rely on the merge rules (merge_rules.h): what is
 * known at its start, when the rules hold, and what follows when an answer of the kernel's
 * has refuted them. Under the lock; never asks where the program's seccomp filter might kill for
 * it.
 */
#ifndef VMT_CONFIDENCE_H
#define VMT_CONFIDENCE_H

#include "state/state.h"

/* Read what the system has set. Before the table is filled. */
void vmt_confidence_open(struct vmt_state *state);

/*
 * Of the maps that are there at the start, those that nobody but the kernel and ld.so can have
 * made: they are as they were born. outcome: as vmt_ask_everything has it.
 */
void vmt_confidence_first_maps(const struct vmt_state *state, struct vmt_outcome *outcome);

/* Where is ld.so? When the table is filled. */
void vmt_confidence_find_loader(struct vmt_state *state);

/*
 * Before each call is learnt: decide whether the rules may be relied on for this call, and whether
 * it is a sample that is asked about all the same
 */
void vmt_confidence_call(struct vmt_state *state);

/*
 * Has the kernel said something else than the rules? Then they are not used again. Returns whether
 * that is so for the first time: the table is to be learnt anew.
 */
bool vmt_confidence_is_lost(struct vmt_state *state);

#endif
