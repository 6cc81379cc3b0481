/* SPDX-License-Identifier: MIT */
/*
 * The class of a map (vmt_vma.vma_class): maps of one class had the same flags, memory policy, name
 * and page offset when they were made. Advice and accesses may have made them differ since then;
 * merge_rules.h keeps track of those. merge_rules.c asks for the class of each new map, and
 * compares the classes of neighbours that look alike.
 */
#ifndef VMT_VMA_CLASS_H
#define VMT_VMA_CLASS_H

#include "core/vma/change.h"
#include "core/vma/rules.h"

/* Attributes that madvise sets, and that a map may also be made with. */
#define VMT_MAP_HUGEPAGE   VMT_MAP_ADVISED(5)
#define VMT_MAP_NOHUGEPAGE VMT_MAP_ADVISED(6)
#define VMT_MAP_THP_ADVICE (VMT_MAP_HUGEPAGE | VMT_MAP_NOHUGEPAGE)

/*
 * Is the protection unusual? PROT_EXEC alone uses a protection key, which /proc does not show;
 * other bits depend on the architecture.
 */
bool vmt_vma_class_is_odd(long prot);

/* The class of a map that mmap makes with these arguments. */
uint32_t vmt_vma_class_of_mmap(long prot, unsigned long flags);

/*
 * Return the class of a new map. Where the map needs a class of its own, this is the next number of
 * rules. new_class: the result of vmt_vma_class_of_mmap().
 */
uint32_t vmt_vma_class_of_new(struct vmt_rules *rules, uint32_t new_class);

/* The same for a map of a file. */
uint32_t vmt_vma_class_of_file(struct vmt_rules *rules, const struct vmt_change *change);

/* Do the two have the same class? */
enum vmt_answer vmt_vma_class_equal(const struct vmt_rules *rules, const struct vmt_vma *left,
				    const struct vmt_vma *right);

/*
 * Do two maps of one open file, on vma's device, merge if one is new and everything else fits? That
 * depends on the file system: overlayfs replaces the mapped file by another one.
 * vmt_vma_class_files_learn() notes what the kernel was seen to do.
 */
enum vmt_answer vmt_vma_class_files_merge(const struct vmt_rules *rules, const struct vmt_vma *vma);
void vmt_vma_class_files_learn(struct vmt_rules *rules, const struct vmt_vma *vma,
			       enum vmt_answer merge);

/* Change the class to that of a map made without MAP_STACK. */
void vmt_vma_class_take_stack(struct vmt_vma *vma);

/* Was the map made without VM_ACCOUNT for good (MAP_NORESERVE)? */
bool vmt_vma_class_has_no_reserve(uint32_t vma_class);

#endif
