/* SPDX-License-Identifier: MIT */
/*
 * What is known of the attributes of maps that nothing shows, and what follows from it: whether
 * two neighbours that look alike become one is certain, impossible, or has to be asked of the
 * kernel. Kept in struct vmt_vma (class and the VMT_MAP_KNOWN bits of its flags), so that it is cut
 * and moved along with the map. Called by resolve.c for every call, whether or not its answers
 * are used; must never say "certain" of what one of Linux 5.10 to 6.18 does otherwise.
 */
#ifndef VMT_MERGE_RULES_H
#define VMT_MERGE_RULES_H

#include "core/vma/anon_vma.h"
#include "core/vma/change.h"
#include "core/vma/outcome.h"
#include "core/vma/vma_class.h"

/* Complete change: of what class its new map is, which advice it gives, what it blurs. */
void vmt_merge_rules_decode(const struct vmt_done *done, struct vmt_change *change);

/*
 * Does the call leave this map, which lies in its range, as it is? Then it cuts and merges with
 * nothing.
 */
bool vmt_merge_rules_keeps(const struct vmt_vma *vma, const struct vmt_change *change);

/* What the call makes of a map in its range. */
void vmt_merge_rules_alter(struct vmt_vma *vma, const struct vmt_change *change);

/*
 * Two that continue each other after the call: has the kernel merged them? next: what lies
 * behind right (NULL = nothing); pending: of what left has been merged in this call (NULL = of
 * nothing).
 */
enum vmt_answer vmt_merge_rules_decide(const struct vmt_rules *rules, const struct vmt_vma *left,
				       const struct vmt_vma *right, const struct vmt_vma *next,
				       const struct vmt_pending_merge *pending);

/* Left is both of them now. */
void vmt_merge_rules_combine(struct vmt_vma *left, const struct vmt_vma *right);

/* The call is over: from now on the program may use what it has made accessible. */
void vmt_merge_rules_settle(struct vmt_outcome *outcome, const struct vmt_change *change);

void vmt_merge_rules_settle_one(struct vmt_vma *vma);

/* The outcome is the kernel's: keep what is known of maps that the call cannot have changed. */
void vmt_merge_rules_recall(const struct vmt_space *space, struct vmt_outcome *outcome,
			    const struct vmt_change *change);

/* Nothing is known any more: in the child of a fork. */
void vmt_merge_rules_forget(struct vmt_space *space);

#endif
