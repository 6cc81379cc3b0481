/* SPDX-License-Identifier: MIT */
/*
 * Why two touching maps are not one: the first attribute that differs, in an order that begins with
 * those that no call can make equal. If flags or policies are unknown, the answer is "unknown",
 * even if it is known which call put the boundary: madvise may have cut the map for an advice that
 * was taken back since, so that something else keeps the two apart. And the words for it. Pure; part
 * of explain.h.
 */
#include "explain/explain.h"
#include "input/vmflags.h"

#include <stdio.h>

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

/* The words for people, and identifiers in JSON, which never change. */
static const struct {
	const char *id;
	const char *word;
} reasons[VMT_APART_COUNT] = {
	[VMT_APART_FILE] = { "file", "are not of the same file" },
	[VMT_APART_SHARING] = { "sharing", "are shared and private" },
	[VMT_APART_SPECIAL] = { "special",
				"are the kernel's, a driver's or huge pages, which never merge" },
	[VMT_APART_NAME] = { "name", "differ in name (PR_SET_VMA_ANON_NAME)" },
	[VMT_APART_OFFSET] = { "offset", "are of one file, but not of consecutive pages" },
	[VMT_APART_PROTECTION] = { "protection", "differ in protection" },
	[VMT_APART_ADVICE] = { "advice", "differ in advice to the kernel" },
	[VMT_APART_LOCK] = { "lock", "differ in locking" },
	[VMT_APART_ACCOUNTING] = { "accounting", "differ in accounting" },
	[VMT_APART_USERFAULTFD] = { "userfaultfd", "differ in userfaultfd" },
	[VMT_APART_FLAGS] = { "flags", "differ in other flags" },
	[VMT_APART_POLICY] = { "policy", "differ in NUMA policy (mbind)" },
	[VMT_APART_KEY] = { "protection-key", "differ in protection key (pkey_mprotect)" },
	[VMT_APART_UNKNOWN] = { "unknown", "look alike: why they did not merge is unknown" },
};

const char *vmt_explain_apart_id(enum vmt_apart why)
{
	return why < VMT_APART_COUNT ? reasons[why].id : "unknown";
}

const char *vmt_explain_apart_word(enum vmt_apart why)
{
	return reasons[why < VMT_APART_COUNT ? why : VMT_APART_UNKNOWN].word;
}

static void put_protection(char text[5], uint64_t flags)
{
	text[0] = flags & VMT_MAP_READ ? 'r' : '-';
	text[1] = flags & VMT_MAP_WRITE ? 'w' : '-';
	text[2] = flags & VMT_MAP_EXEC ? 'x' : '-';
	text[3] = flags & VMT_MAP_SHARED ? 's' : 'p';
	text[4] = '\0';
}

static void put_flags(char *text, size_t size, uint64_t flags, bool in_words)
{
	size_t used = 0;

	for (uint32_t bit = 0; flags && vmt_vmflags_letters(bit) && used + 4 < size; bit++) {
		if (flags >> bit & 1)
			used += (size_t)snprintf(text + used, size - used, "%s%s",
						 !used    ? "" :
						 in_words ? ", " :
							    " ",
						 in_words ? vmt_vmflags_word(bit) :
							    vmt_vmflags_letters(bit));
	}
}

const char *vmt_explain_detail(enum vmt_apart why, uint64_t detail, bool in_words, char *text,
			       size_t size)
{
	char one[5], two[5];

	text[0] = '\0';
	if (why == VMT_APART_PROTECTION) {
		put_protection(one, detail & 15);
		put_protection(two, detail >> 4);
		snprintf(text, size, "%s, %s", one, two);
	} else if (why != VMT_APART_UNKNOWN) {
		put_flags(text, size, detail, in_words);
	} else if (detail) {
		snprintf(text, size, "cut by %s", vmt_calls_name((uint32_t)detail));
	}
	return text;
}
