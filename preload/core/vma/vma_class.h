/* SPDX-License-Identifier: MIT */
/*
 * The class of a map (vmt_vma.vma_class): maps of one class had the same flags, memory policy, name
 * and page offset when they were made. Advice and accesses may have made them differ since;
 * merge_rules.h keeps track of those. merge_rules.c asks for the class of each new map, and
 * compares the classes of neighbours that look alike.
 */
#ifndef VMT_VMA_CLASS_H
#define VMT_VMA_CLASS_H

#include "core/vma/change.h"
#include "core/vma/rules.h"

/* Set by madvise, and perhaps at birth. */
#define VMT_MAP_HUGEPAGE   VMT_MAP_ADVISED(5)
#define VMT_MAP_NOHUGEPAGE VMT_MAP_ADVISED(6)
#define VMT_MAP_THP_ADVICE (VMT_MAP_HUGEPAGE | VMT_MAP_NOHUGEPAGE)

/* PROT_EXEC alone takes a protection key, which is not shown; other bits depend on the machine. */
bool vmt_vma_class_is_odd(long prot);

/* The class of what mmap makes with these arguments. */
uint32_t vmt_vma_class_of_mmap(long prot, unsigned long flags);

/*
 * The class of a new map. A class of its own gets the next number of rules. born: the result of
 * vmt_vma_class_of_mmap.
 */
uint32_t vmt_vma_class_born(struct vmt_rules *rules, uint32_t born);

/* The same for a map of a file. */
uint32_t vmt_vma_class_of_file(struct vmt_rules *rules, const struct vmt_change *change);

/* Are the two of one class? */
enum vmt_answer vmt_vma_class_equal(const struct vmt_rules *rules, const struct vmt_vma *left,
				    const struct vmt_vma *right);

/*
 * Do two maps of one opened file on the device of vma, one of them new, merge if all else fits?
 * That depends on the file system: overlayfs puts another file in the place of the one that is
 * mapped. vmt_vma_class_files_learn notes what the kernel was seen to do.
 */
enum vmt_answer vmt_vma_class_files_merge(const struct vmt_rules *rules, const struct vmt_vma *vma);
void vmt_vma_class_files_learn(struct vmt_rules *rules, const struct vmt_vma *vma,
			       enum vmt_answer merge);

/* As if it had been made without MAP_STACK. */
void vmt_vma_class_take_stack(struct vmt_vma *vma);

/* Was it made without VM_ACCOUNT for good (MAP_NORESERVE)? */
bool vmt_vma_class_has_no_reserve(uint32_t vma_class);

#endif
