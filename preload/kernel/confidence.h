/* SPDX-License-Identifier: MIT */
/*
 * How far this process may rely on the merge rules (merge_rules.h): what is known at its start,
 * when the rules apply, and what follows when the kernel's answer has refuted them. Under the lock.
 * Never asks where the program's seccomp filter might kill for it.
 */
#ifndef VMT_CONFIDENCE_H
#define VMT_CONFIDENCE_H

#include "state/state.h"

/* Read the system's settings, before the table is filled. */
void vmt_confidence_open(struct vmt_state *state);

/*
 * Mark those of the maps present at the start that only the kernel and ld.so can have made: their
 * attributes are known. outcome: as filled by vmt_ask_everything().
 */
void vmt_confidence_first_maps(const struct vmt_state *state, struct vmt_outcome *outcome);

/* Find ld.so, when the table is filled. */
void vmt_confidence_find_loader(struct vmt_state *state);

/*
 * Before each call is learnt: decide whether the rules may be relied on for this call, and whether
 * the kernel is asked about it as a sample all the same.
 */
void vmt_confidence_call(struct vmt_state *state);

/* May the rules be relied on now: have all calls been seen, and is none under way? */
bool vmt_confidence_may_reason(struct vmt_state *state);

/*
 * Has the kernel contradicted the rules? Then they are not used any more. Returns whether this is
 * new: the table has to be read anew then.
 */
bool vmt_confidence_is_lost(struct vmt_state *state);

#endif
