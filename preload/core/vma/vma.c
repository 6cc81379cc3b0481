/* SPDX-License-Identifier: MIT */
/* Comparisons of two VMAs by what /proc/PID/maps shows; see vma.h. */
#include "core/vma/vma.h"

VMT_HOT bool vmt_vma_continues(const struct vmt_vma *left, const struct vmt_vma *right)
{
	if (left->end != right->start || !vmt_vma_same_file(left, right))
		return false;
	if ((left->flags ^ right->flags) & (VMT_MAP_VISIBLE | VMT_MAP_OWN))
		return false;
	return !vmt_vma_is_file(left) || left->offset + (left->end - left->start) == right->offset;
}

bool vmt_vma_same(const struct vmt_vma *a, const struct vmt_vma *b)
{
	return a->start == b->start && a->end == b->end && a->offset == b->offset &&
	       vmt_vma_same_file(a, b) && !((a->flags ^ b->flags) & VMT_MAP_VISIBLE);
}
