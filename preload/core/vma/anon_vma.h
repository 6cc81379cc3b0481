/* SPDX-License-Identifier: MIT */
/*
 * What is known of the anon_vmas of two maps, which must not differ if they are to be merged: that
 * one has none, that both have the same, that they differ. Only of Linux 6.16 and later, where a
 * map without one fits a map with one whichever of them the call has changed. Kept in
 * struct vmt_vma (anon, left_anon, right_anon); called by merge_rules.c, outcome.c and merge.c.
 */
#ifndef VMT_ANON_VMA_H
#define VMT_ANON_VMA_H

#include "core/vma/rules.h"

/* Three maps one after another, of which the first two have been merged in the call under way. */
struct vmt_pending_merge {
	struct vmt_vma prev;
	struct vmt_vma middle;
	bool is_asked; /* the kernel has said so */
};

/* Is this a kernel whose rules these are? release: as uname tells it. */
bool vmt_anon_vma_rules_hold(const char *release);

/* May it have an anon_vma? What has been inaccessible all its life has none. */
bool vmt_anon_vma_may_have(const struct vmt_vma *vma);

/*
 * One map becomes two, which are alike until one of them is written to. last: the last number given
 * out.
 */
void vmt_anon_vma_cut(struct vmt_vma *left, struct vmt_vma *right, uint32_t *last);

/* Left is both of them now. */
void vmt_anon_vma_merge(struct vmt_vma *left, const struct vmt_vma *right);

#define VMT_ANON_VMA_MAY_APPEAR (UINT32_C(1) << 31)

/* From now on it may be given an anon_vma at any moment. */
static inline void vmt_anon_vma_may_appear(struct vmt_vma *vma)
{
	vma->left_anon |= VMT_ANON_VMA_MAY_APPEAR;
	vma->right_anon |= VMT_ANON_VMA_MAY_APPEAR;
}

/* Nothing is known. */
void vmt_anon_vma_forget(struct vmt_vma *vma);

/*
 * Do the anon_vmas of two neighbours let them be merged? pending: how left was merged; NULL: it was
 * not.
 */
enum vmt_answer vmt_anon_vma_fit(const struct vmt_rules *rules, const struct vmt_vma *left,
				 const struct vmt_vma *right,
				 const struct vmt_pending_merge *pending);

/* The kernel has not merged them, and there is no other reason: each has one, and not the same. */
void vmt_anon_vma_differ(struct vmt_rules *rules, struct vmt_vma *left, struct vmt_vma *right);

#endif
