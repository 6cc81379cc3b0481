/* SPDX-License-Identifier: MIT */
/* See vma.h. */
#include "core/vma/vma.h"

VMT_HOT bool vmt_look_continues(const struct vmt_look *left, const struct vmt_look *right)
{
	if (left->end != right->start || !vmt_look_same_file(left, right))
		return false;
	if ((left->flags ^ right->flags) & (VMT_MAP_VISIBLE | VMT_MAP_OWN))
		return false;
	return VMT_FAULT == 2 || !vmt_look_is_file(left) ||
	       left->offset + (left->end - left->start) == right->offset;
}

bool vmt_look_same(const struct vmt_look *a, const struct vmt_look *b)
{
	return a->start == b->start && a->end == b->end && a->offset == b->offset &&
	       vmt_look_same_file(a, b) && !((a->flags ^ b->flags) & VMT_MAP_VISIBLE);
}
