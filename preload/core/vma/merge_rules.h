/* SPDX-License-Identifier: MIT */
/*
 * The rules by which the kernel merges neighbours, as far as they depend on attributes that /proc
 * does not show. For two maps that look alike, a merge is certain (VMT_ANSWER_YES), impossible
 * (NO), or left for the kernel to answer (MAYBE). What is known of a map is stored in its struct
 * vmt_vma (vma_class, anon, left_anon, right_anon and the VMT_MAP_KNOWN bits of flags), so that it
 * is cut and moved along with the map. A rule may only be certain where all kernels from Linux 5.10
 * to 6.18 agree.
 *
 * Order of use in a call: decode; keeps and alter for each map in the range; decide and combine for
 * each pair of neighbours; recall if the kernel was asked; settle at the end.
 */
#ifndef VMT_MERGE_RULES_H
#define VMT_MERGE_RULES_H

#include "core/vma/anon_vma.h"
#include "core/vma/change.h"
#include "core/vma/outcome.h"
#include "core/vma/vma_class.h"

/* Complete change: the class of its new map, the advice it gives, and what is unknown afterwards.
 */
void vmt_merge_rules_decode(const struct vmt_done *done, struct vmt_change *change);

/* Does the call leave this map in its range unchanged? Then the map is neither cut nor merged. */
bool vmt_merge_rules_keeps(const struct vmt_vma *vma, const struct vmt_change *change);

/* Apply the call to the attributes of a map in its range. */
void vmt_merge_rules_alter(struct vmt_vma *vma, const struct vmt_change *change);

/*
 * Left and right touch after the call, and look alike: has the kernel merged them? next: the map
 * that touches right at its end, or NULL. pending: the merge in this call that produced left, or
 * NULL.
 */
enum vmt_answer vmt_merge_rules_decide(const struct vmt_rules *rules, const struct vmt_vma *left,
				       const struct vmt_vma *right, const struct vmt_vma *next,
				       const struct vmt_pending_merge *pending);

/* The two maps have merged: left describes the result. */
void vmt_merge_rules_combine(struct vmt_vma *left, const struct vmt_vma *right);

/* The call is over: from now on the program can access what the call made accessible. */
void vmt_merge_rules_settle(struct vmt_outcome *outcome, const struct vmt_change *change);

void vmt_merge_rules_settle_one(struct vmt_vma *vma);

/*
 * The outcome was read from the kernel: keep what is known of the maps that the call cannot have
 * changed.
 */
void vmt_merge_rules_recall(const struct vmt_space *space, struct vmt_outcome *outcome,
			    const struct vmt_change *change);

/* Forget all that is known of hidden attributes, as a fork child has to. */
void vmt_merge_rules_forget(struct vmt_space *space);

#endif
