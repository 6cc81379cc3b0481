/* SPDX-License-Identifier: MIT */
/*
 * What is known of the anon_vmas of two neighbours, which merge only if these do not differ: one
 * has none, both have the same, or they differ. These rules are those of Linux 6.16 and later,
 * where a map without an anon_vma fits a map with one whichever of the two the call has changed.
 * The knowledge is kept in struct vmt_vma (anon, left_anon, right_anon).
 */
#ifndef VMT_ANON_VMA_H
#define VMT_ANON_VMA_H

#include "core/vma/rules.h"

/* The first two of three maps in a row, which have been merged in the call under way. */
struct vmt_pending_merge {
	struct vmt_vma prev;
	struct vmt_vma middle;
	bool is_asked; /* the kernel has said so */
};

/* Does this kernel follow the rules above? release: the release that uname(2) returns. */
bool vmt_anon_vma_rules_hold(const char *release);

/* May the map have an anon_vma? One that has never been accessible has none. */
bool vmt_anon_vma_may_have(const struct vmt_vma *vma);

/*
 * One map becomes two, which have the same anon_vma until one of them is written to. last: the last
 * number given to a cut.
 */
void vmt_anon_vma_cut(struct vmt_vma *left, struct vmt_vma *right, uint32_t *last);

/* Left now stands for both. */
void vmt_anon_vma_merge(struct vmt_vma *left, const struct vmt_vma *right);

#define VMT_ANON_VMA_MAY_APPEAR (UINT32_C(1) << 31)

/* From now on the kernel may give the map an anon_vma at any moment. */
static inline void vmt_anon_vma_may_appear(struct vmt_vma *vma)
{
	vma->left_anon |= VMT_ANON_VMA_MAY_APPEAR;
	vma->right_anon |= VMT_ANON_VMA_MAY_APPEAR;
}

/* Forget what is known. */
void vmt_anon_vma_forget(struct vmt_vma *vma);

/*
 * Do the anon_vmas of two neighbours allow a merge? pending: the merge in this call that left came
 * from, or NULL.
 */
enum vmt_answer vmt_anon_vma_fit(const struct vmt_rules *rules, const struct vmt_vma *left,
				 const struct vmt_vma *right,
				 const struct vmt_pending_merge *pending);

/* The kernel has not merged the two, and nothing else forbade it: each has an anon_vma, and not the
 * same. */
void vmt_anon_vma_differ(struct vmt_rules *rules, struct vmt_vma *left, struct vmt_vma *right);

#endif
