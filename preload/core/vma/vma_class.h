/* SPDX-License-Identifier: MIT */
/*
 * Which maps are born alike in what nothing shows: vmt_vma.vma_class. Maps of equal class had the
 * same flags, memory policy, name and page offset when they were made; advice (merge_rules.h) and
 * accesses may have come since. Called by merge_rules.c for each new map and each two neighbours
 * that look alike.
 */
#ifndef VMT_VMA_CLASS_H
#define VMT_VMA_CLASS_H

#include "core/vma/change.h"
#include "core/vma/rules.h"

/* Set by madvise, and perhaps at birth. */
#define VMT_MAP_HUGEPAGE   VMT_MAP_ADVISED(5)
#define VMT_MAP_NOHUGEPAGE VMT_MAP_ADVISED(6)
#define VMT_MAP_THP_ADVICE (VMT_MAP_HUGEPAGE | VMT_MAP_NOHUGEPAGE)

/* PROT_EXEC alone takes a protection key that is not seen; other bits are an architecture's. */
bool vmt_vma_class_is_odd(long prot);

/* Of what class is what mmap makes? */
uint32_t vmt_vma_class_of_mmap(long prot, unsigned long flags);

/*
 * The class of a new map; numbers of their own are taken from rules. born: what
 * vmt_vma_class_of_mmap says.
 */
uint32_t vmt_vma_class_born(struct vmt_rules *rules, uint32_t born);

/* The same for one that shows a file. */
uint32_t vmt_vma_class_of_file(struct vmt_rules *rules, const struct vmt_change *change);

/* Were the two born alike? */
enum vmt_answer vmt_vma_class_equal(const struct vmt_rules *rules, const struct vmt_vma *left,
				    const struct vmt_vma *right);

/*
 * Do two maps of one opened file on look's device, one of them new, become one where all else fits?
 * It depends on the file system: overlayfs puts another file in the place of the one that is
 * mapped. Learn notes what it does.
 */
enum vmt_answer vmt_vma_class_files_merge(const struct vmt_rules *rules, const struct vmt_vma *vma);
void vmt_vma_class_files_learn(struct vmt_rules *rules, const struct vmt_vma *vma,
			       enum vmt_answer merge);

/* As if it had been made without MAP_STACK. */
void vmt_vma_class_take_stack(struct vmt_vma *vma);

/* Was it made without VM_ACCOUNT for good (MAP_NORESERVE)? */
bool vmt_vma_class_has_no_reserve(uint32_t vma_class);

#endif
