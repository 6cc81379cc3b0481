/* SPDX-License-Identifier: MIT */
/*
 * What is known of the anon_vmas of two maps, which must not differ if they are to be joined: that
 * one has none, that both have the same, that they differ. Only of Linux 6.16 and later, where a
 * map without one fits a map with one whichever of them the call has changed. Kept in
 * struct vmt_look (anon, left_tie, right_tie); called by merge_rules.c, outcome.c and merge.c.
 */
#ifndef VMT_ANON_VMA_H
#define VMT_ANON_VMA_H

#include "core/vma/space.h"

/* Three maps one after another, of which the first two have been joined in the call under way. */
struct vmt_seam {
	struct vmt_look prev;
	struct vmt_look middle;
	bool is_asked;	/* the kernel has said so */
};

/* Is this a kernel whose rules these are? release: as uname tells it. */
bool vmt_ties_hold(const char *release);

/* May it have an anon_vma? What has been inaccessible all its life has none. */
bool vmt_ties_may_have(const struct vmt_look *look);

/* One map becomes two, which are alike until one of them is written to. last: the last number given out. */
void vmt_ties_cut(struct vmt_look *left, struct vmt_look *right, uint32_t *last);

/* Left is both of them now. */
void vmt_ties_merge(struct vmt_look *left, const struct vmt_look *right);

#define VMT_TIE_STIRRED (UINT32_C(1) << 31)

/* From now on it may be given an anon_vma at any moment. */
static inline void vmt_ties_stir(struct vmt_look *look)
{
	look->left_tie |= VMT_TIE_STIRRED;
	look->right_tie |= VMT_TIE_STIRRED;
}

/* Nothing is known. */
void vmt_ties_forget(struct vmt_look *look);

/* Do the anon_vmas of two neighbours let them be joined? seam: how left was joined; NULL: it was not. */
enum vmt_answer vmt_ties_fit(const struct vmt_space *space, const struct vmt_look *left,
			     const struct vmt_look *right, const struct vmt_seam *seam);

/* The kernel has not joined them, and there is no other reason: each has one, and not the same. */
void vmt_ties_part(struct vmt_space *space, struct vmt_look *left, struct vmt_look *right);

#endif
