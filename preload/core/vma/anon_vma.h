/* SPDX-License-Identifier: MIT */
/*
 * What is known of the anon_vmas of two neighbours. Neighbours merge only if their anon_vmas are
 * compatible: at most one map has an anon_vma, or both have the same. The rules are those of Linux
 * 6.16 and later, where a map without an anon_vma fits a neighbour with an anon_vma, whichever of
 * the two the call has changed. What is known is stored in struct vmt_vma (anon, left_anon,
 * right_anon).
 */
#ifndef VMT_ANON_VMA_H
#define VMT_ANON_VMA_H

#include "core/vma/rules.h"

/* The first two of three adjacent maps, which have been merged in the current call. */
struct vmt_pending_merge {
	struct vmt_vma prev;
	struct vmt_vma middle;
	bool is_asked; /* the kernel was asked, and confirmed the merge */
};

/* Does this kernel follow these rules? release: the release reported by uname(2). */
bool vmt_anon_vma_rules_hold(const char *release);

/* May the map have an anon_vma? A map that has never been accessible has none. */
bool vmt_anon_vma_may_have(const struct vmt_vma *vma);

/*
 * One map becomes two, which have the same anon_vma until one of the two is written to. last: the
 * last number given to a cut; incremented.
 */
void vmt_anon_vma_cut(struct vmt_vma *left, struct vmt_vma *right, uint32_t *last);

/* The two maps have merged: left describes the result. */
void vmt_anon_vma_merge(struct vmt_vma *left, const struct vmt_vma *right);

#define VMT_ANON_VMA_MAY_APPEAR (UINT32_C(1) << 31)

/* From now on the kernel may give the map an anon_vma at any moment. */
static inline void vmt_anon_vma_may_appear(struct vmt_vma *vma)
{
	vma->left_anon |= VMT_ANON_VMA_MAY_APPEAR;
	vma->right_anon |= VMT_ANON_VMA_MAY_APPEAR;
}

/* Forget what is known of the map's anon_vma. */
void vmt_anon_vma_forget(struct vmt_vma *vma);

/*
 * Do the anon_vmas of two neighbours allow a merge? pending: the merge in this call that produced
 * left, or NULL.
 */
enum vmt_answer vmt_anon_vma_fit(const struct vmt_rules *rules, const struct vmt_vma *left,
				 const struct vmt_vma *right,
				 const struct vmt_pending_merge *pending);

/*
 * The kernel has not merged the two although nothing else forbade it: both have an anon_vma, and
 * the two differ.
 */
void vmt_anon_vma_differ(struct vmt_rules *rules, struct vmt_vma *left, struct vmt_vma *right);

#endif
