/* SPDX-License-Identifier: MIT */
/*
 * Why two touching maps are not one: the first attribute that differs, in an order that begins with
 * those that no call can make equal. If flags or policies are unknown, the answer is "unknown",
 * even if it is known which call put the boundary: madvise may have cut the map for an advice that
 * was taken back since, so that something else keeps the two apart. Pure; part of explain.h.
 */
#include "explain/explain.h"
#include "input/vmflags.h"

static bool is_special(const struct vmt_explain_map *map)
{
	return map->kind == VMT_KIND_VDSO || map->kind == VMT_KIND_KERNEL ||
	       (map->vm_flags && map->vm_flags & vmt_vmflags_of(VMT_VMFLAGS_SPECIAL));
}

static bool is_same_name(const struct vmt_explain_map *a, const struct vmt_explain_map *b)
{
	if (vmt_explain_has_own_name(a) != vmt_explain_has_own_name(b))
		return false;
	return !vmt_explain_has_own_name(a) ||
	       (a->name_length == b->name_length &&
		!__builtin_memcmp(a->name, b->name, a->name_length));
}

static bool is_same_file(const struct vmt_explain_map *a, const struct vmt_explain_map *b)
{
	return a->inode == b->inode && a->dev_major == b->dev_major && a->dev_minor == b->dev_minor;
}

static enum vmt_apart by_flags(uint64_t differ, uint64_t *ret_detail)
{
	static const struct {
		enum vmt_vmflags_group group;
		enum vmt_apart why;
	} order[] = {
		{ VMT_VMFLAGS_ADVICE, VMT_APART_ADVICE },
		{ VMT_VMFLAGS_LOCK, VMT_APART_LOCK },
		{ VMT_VMFLAGS_USERFAULTFD, VMT_APART_USERFAULTFD },
		{ VMT_VMFLAGS_OTHER, VMT_APART_FLAGS },
		{ VMT_VMFLAGS_ACCOUNTING, VMT_APART_ACCOUNTING },
	};

	differ &= ~VMT_VMFLAGS_KNOWN;
	if (differ)
		differ &= ~vmt_vmflags_of(VMT_VMFLAGS_IGNORED);
	*ret_detail = differ;
	if (!differ)
		return VMT_APART_UNKNOWN;
	for (size_t i = 0; i < VMT_COUNT(order); i++) {
		if (differ & vmt_vmflags_of(order[i].group))
			return order[i].why;
	}
	return VMT_APART_UNKNOWN;
}

enum vmt_apart vmt_explain_cut(uint32_t call)
{
	switch (call) {
	case VMT_CALL_MADVISE:
	case VMT_CALL_PROCESS_MADVISE: return VMT_APART_ADVICE;
	case VMT_CALL_MLOCK:
	case VMT_CALL_MLOCK2:
	case VMT_CALL_MUNLOCK: return VMT_APART_LOCK;
	case VMT_CALL_MBIND:
	case VMT_CALL_SET_MEMPOLICY_HOME_NODE: return VMT_APART_POLICY;
	case VMT_CALL_PRCTL: return VMT_APART_NAME;
	case VMT_CALL_IOCTL: return VMT_APART_USERFAULTFD;
	case VMT_CALL_MSEAL: return VMT_APART_FLAGS;
	case VMT_CALL_PKEY_MPROTECT: return VMT_APART_KEY;
	default: return VMT_APART_UNKNOWN;
	}
}

static uint64_t both(uint32_t a, uint32_t b)
{
	a &= VMT_MAP_VISIBLE;
	b &= VMT_MAP_VISIBLE;
	return a < b ? (uint64_t)a << 4 | b : (uint64_t)b << 4 | a;
}

enum vmt_apart vmt_explain_apart(const struct vmt_explain_map *a, const struct vmt_explain_map *b,
				 uint64_t *ret_detail)
{
	*ret_detail = 0;
	/* Each huge-page map is a file of its own, so the two never merge. */
	if (a->kind == VMT_KIND_HUGE && b->kind == VMT_KIND_HUGE)
		return VMT_APART_SPECIAL;
	if (!is_same_file(a, b))
		return VMT_APART_FILE;
	if ((a->flags ^ b->flags) & VMT_MAP_SHARED)
		return VMT_APART_SHARING;
	if (is_special(a) || is_special(b))
		return VMT_APART_SPECIAL;
	if (!is_same_name(a, b))
		return VMT_APART_NAME;
	if (a->inode && a->offset + (a->end - a->start) != b->offset)
		return VMT_APART_OFFSET;
	if ((a->flags ^ b->flags) & VMT_MAP_ACCESS) {
		*ret_detail = both(a->flags, b->flags);
		return VMT_APART_PROTECTION;
	}
	/* Only one of the two is a stack, which grows by itself. */
	if ((a->flags ^ b->flags) & VMT_MAP_STACK)
		return VMT_APART_FLAGS;
	if (a->vm_flags & b->vm_flags & VMT_VMFLAGS_KNOWN) {
		enum vmt_apart why = by_flags(a->vm_flags ^ b->vm_flags, ret_detail);

		if (why != VMT_APART_UNKNOWN)
			return why;
		if (a->key != b->key)
			return VMT_APART_KEY;
	}
	if (a->policy && b->policy && a->policy != b->policy)
		return VMT_APART_POLICY;
	*ret_detail = b->put_call;
	return VMT_APART_UNKNOWN;
}
