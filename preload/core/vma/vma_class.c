/* SPDX-License-Identifier: MIT */
/*
 * MAP_STACK means VM_NOHUGEPAGE since Linux 6.7 if transparent huge pages are configured; what it
 * means on this kernel shows when the first such map touches another. MAP_NORESERVE means
 * VM_NORESERVE, unless vm.overcommit_memory is 2 at that moment (mm/mmap.c, do_mmap); then it means
 * nothing. The setting is read once; if somebody changes it later, the samples of merge.c find out.
 *
 * Maps of a file merge only if they come from one and the same open(). The descriptor's number does
 * not show that, since it may have been closed and reused in between. ld.so, however, maps a
 * library from a descriptor of its own, first as a whole and then piece by piece over that:
 *
 * 	mmap(0, all of it, r)		rrrrrrrrr
 * 	mmap(text, MAP_FIXED, rx)	rrXXXXrrr
 * 	mmap(constants, MAP_FIXED, r)	rrXXXXrrr	merged with the map to its right
 */
#include "core/vma/vma_class.h"

#include <asm/mman.h>
#include <linux/mman.h>

bool vmt_vma_class_is_odd(long prot)
{
	return prot == PROT_EXEC || (prot & ~(long)(PROT_READ | PROT_WRITE | PROT_EXEC));
}

VMT_HOT uint32_t vmt_vma_class_of_mmap(long prot, unsigned long flags)
{
	const unsigned long bare = MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_FIXED_NOREPLACE |
				   MAP_DENYWRITE | MAP_EXECUTABLE | MAP_32BIT | MAP_NONBLOCK;

	if (vmt_vma_class_is_odd(prot))
		return VMT_CLASS_UNKNOWN;
	if (!(flags & MAP_ANONYMOUS))
		return (flags & MAP_PRIVATE) && !(flags & ~bare) ? VMT_CLASS_FILE :
								   VMT_CLASS_UNKNOWN;
	switch (flags & ~bare) {
	case 0: return VMT_CLASS_PLAIN;
	case MAP_STACK: return VMT_CLASS_STACK;
	case MAP_NORESERVE: return VMT_CLASS_NORESERVE;
	case MAP_NORESERVE | MAP_STACK: return VMT_CLASS_NORESERVE_STACK;
	default: return VMT_CLASS_UNKNOWN;
	}
}

static uint32_t next_number(struct vmt_rules *rules)
{
	return rules->last_class == UINT32_MAX ? VMT_CLASS_UNKNOWN : ++rules->last_class;
}

uint32_t vmt_vma_class_of_file(struct vmt_rules *rules, const struct vmt_change *change)
{
	struct vmt_loaded *loaded = &rules->loaded;

	if (change->new_class != VMT_CLASS_FILE)
		return change->new_class;
	if (!change->is_loaders)
		return next_number(rules);
	if (vmt_range_is_empty(change->gone[0]))
		*loaded = (struct vmt_loaded){ change->fresh, change->fd, next_number(rules) };
	else if (change->fd != loaded->fd || change->fresh.start < loaded->range.start ||
		 change->fresh.end > loaded->range.end)
		return next_number(rules);
	return loaded->vma_class;
}

VMT_HOT uint32_t vmt_vma_class_of_new(struct vmt_rules *rules, uint32_t new_class)
{
	if (!vmt_vma_class_has_no_reserve(new_class))
		return new_class;
	switch (rules->noreserve) {
	case VMT_NORESERVE_KEPT: return new_class;
	case VMT_NORESERVE_IGNORED:
		return new_class == VMT_CLASS_NORESERVE ? VMT_CLASS_PLAIN : VMT_CLASS_STACK;
	default: return next_number(rules);
	}
}

bool vmt_vma_class_has_no_reserve(uint32_t vma_class)
{
	return vma_class == VMT_CLASS_NORESERVE || vma_class == VMT_CLASS_NORESERVE_STACK;
}

/* The class that the map would have without MAP_STACK; 0 if it was made otherwise. */
static uint32_t without_stack(uint32_t vma_class)
{
	switch (vma_class) {
	case VMT_CLASS_PLAIN:
	case VMT_CLASS_STACK: return VMT_CLASS_PLAIN;
	case VMT_CLASS_NORESERVE:
	case VMT_CLASS_NORESERVE_STACK: return VMT_CLASS_NORESERVE;
	default: return VMT_CLASS_UNKNOWN;
	}
}

void vmt_vma_class_take_stack(struct vmt_vma *vma)
{
	uint32_t without = without_stack(vma->vma_class);

	if (without)
		vma->vma_class = without;
}

enum vmt_answer vmt_vma_class_equal(const struct vmt_rules *rules, const struct vmt_vma *left,
				    const struct vmt_vma *right)
{
	uint32_t a = without_stack(left->vma_class);
	uint32_t b = without_stack(right->vma_class);

	if (left->vma_class && left->vma_class == right->vma_class)
		return VMT_ANSWER_YES;
	if (!a || !b)
		return VMT_ANSWER_MAYBE;
	if (a != b)
		return VMT_ANSWER_NO;
	if (rules->stack_class == VMT_STACK_CLASS_EQUAL)
		return VMT_ANSWER_YES;
	if (rules->stack_class == VMT_STACK_CLASS_UNKNOWN ||
	    ((left->flags | right->flags) & VMT_MAP_THP_ADVICE))
		return VMT_ANSWER_MAYBE;
	return VMT_ANSWER_NO;
}

enum vmt_answer vmt_vma_class_files_merge(const struct vmt_rules *rules, const struct vmt_vma *vma)
{
	return rules->files.dev == vma->dev ? rules->files.merge : VMT_ANSWER_MAYBE;
}

void vmt_vma_class_files_learn(struct vmt_rules *rules, const struct vmt_vma *vma,
			       enum vmt_answer merge)
{
	rules->files = (struct vmt_files){ vma->dev, merge };
}
