/* SPDX-License-Identifier: MIT */
/*
 * The rules by which the kernel merges neighbours, as far as they depend on attributes that /proc
 * does not show. Whether two maps that look alike become one is certain (VMT_ANSWER_YES),
 * impossible (NO), or has to be asked of the kernel (MAYBE). What is known of a map is kept in its
 * struct vmt_vma (vma_class, anon, left_anon, right_anon and the VMT_MAP_KNOWN bits of flags), so
 * that it is cut and moved along with the map. A rule may only be certain of what all kernels from
 * Linux 5.10 to 6.18 do.
 *
 * Order of use in a call: decode, keeps and alter for the maps in its range, decide and combine for
 * each two neighbours, recall if the kernel was asked, and settle at the end.
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

/*
 * Does the call leave this map, which lies in its range, as it is? Then the map is not cut and does
 * not merge.
 */
bool vmt_merge_rules_keeps(const struct vmt_vma *vma, const struct vmt_change *change);

/* Apply the call to the attributes of a map in its range. */
void vmt_merge_rules_alter(struct vmt_vma *vma, const struct vmt_change *change);

/*
 * Left and right touch after the call and continue each other: has the kernel merged them? next:
 * the map that touches right at its end, or NULL. pending: the merge in this call that left came
 * from, or NULL.
 */
enum vmt_answer vmt_merge_rules_decide(const struct vmt_rules *rules, const struct vmt_vma *left,
				       const struct vmt_vma *right, const struct vmt_vma *next,
				       const struct vmt_pending_merge *pending);

/* Left now stands for both. */
void vmt_merge_rules_combine(struct vmt_vma *left, const struct vmt_vma *right);

/* The call is over: from now on the program may use what the call has made accessible. */
void vmt_merge_rules_settle(struct vmt_outcome *outcome, const struct vmt_change *change);

void vmt_merge_rules_settle_one(struct vmt_vma *vma);

/* The outcome was read from the kernel: keep what is known of maps that the call cannot have
 * changed. */
void vmt_merge_rules_recall(const struct vmt_space *space, struct vmt_outcome *outcome,
			    const struct vmt_change *change);

/* Forget everything, as in a fork child. */
void vmt_merge_rules_forget(struct vmt_space *space);

#endif
