/* SPDX-License-Identifier: MIT */
/*
 * Linux merges neighbours when their flags, file, policy, name and page offset all match, and their
 * anon_vmas are compatible (mm/vma.c, can_vma_merge_*; before 6.12 in mm/mmap.c). No call shows the
 * following attributes, so they are remembered:
 *
 * 	class	flags, policy, name and offset as they were when the map was made. Maps of equal
 * 		class were equal in these; class 0 is unknown
 * 	advice	what madvise has changed in the flags since then, exactly
 * 	TOUCHED	the map may have an anon_vma. A map that has never been accessible has none, since it
 * 		takes an access or MADV_GUARD_INSTALL (FOLL_FORCE writes are not handled)
 * 	WRITTEN	the map has been writable. It got VM_ACCOUNT then, and since 6.7 the anon_vma decides
 * 		whether it loses that again; while the map is writable, its class decides
 *
 * A map without an anon_vma fits any neighbour in a process that was not forked; after a fork
 * nothing is known. Where both neighbours may have an anon_vma, anon_vma.h sometimes knows whether
 * it is the same.
 */
#include "core/vma/merge_rules.h"

#include <asm/mman.h>
#include <linux/mman.h>

#include "core/base/uapi.h"
#include "core/recording/record.h"

#define DONTFORK   VMT_MAP_ADVISED(0)
#define WIPEONFORK VMT_MAP_ADVISED(1)
#define DONTDUMP   VMT_MAP_ADVISED(2)
#define RANDOM     VMT_MAP_ADVISED(3)
#define SEQUENTIAL VMT_MAP_ADVISED(4)
#define HUGEPAGE   VMT_MAP_HUGEPAGE
#define NOHUGEPAGE VMT_MAP_NOHUGEPAGE

static const struct {
	long advice;
	uint32_t set;
	uint32_t clear;
} advices[] = {
	{ MADV_NORMAL, 0, RANDOM | SEQUENTIAL },
	{ MADV_RANDOM, RANDOM, SEQUENTIAL },
	{ MADV_SEQUENTIAL, SEQUENTIAL, RANDOM },
	{ MADV_DONTFORK, DONTFORK, 0 },
	{ MADV_DOFORK, 0, DONTFORK },
	{ MADV_WIPEONFORK, WIPEONFORK, 0 },
	{ MADV_KEEPONFORK, 0, WIPEONFORK },
	{ MADV_DONTDUMP, DONTDUMP, 0 },
	{ MADV_DODUMP, 0, DONTDUMP },
	{ MADV_HUGEPAGE, HUGEPAGE, NOHUGEPAGE },
	{ MADV_NOHUGEPAGE, NOHUGEPAGE, HUGEPAGE },
};

static bool is_written(const struct vmt_vma *vma)
{
	return !vma->vma_class || (vma->flags & VMT_MAP_WRITTEN);
}

static bool is_changed(const struct vmt_vma *vma)
{
	return vma->flags & VMT_MAP_CHANGED;
}

static void decode_advice(long advice, struct vmt_change *change)
{
	for (unsigned i = 0; i < VMT_COUNT(advices); i++) {
		if (advices[i].advice != advice)
			continue;
		change->known_set = advices[i].set;
		change->known_clear = advices[i].clear;
		return;
	}
	change->loses_class = advice != MADV_GUARD_INSTALL_;
}

void vmt_merge_rules_decode(const struct vmt_done *done, struct vmt_change *change)
{
	switch (done->call) {
	case VMT_CALL_MMAP:
		change->new_class =
			vmt_vma_class_of_mmap(done->args[2], (unsigned long)done->args[3]);
		break;
	case VMT_CALL_BRK: change->new_class = VMT_CLASS_BRK; break;
	case VMT_CALL_MPROTECT: change->loses_class = vmt_vma_class_is_odd(done->args[2]); break;
	case VMT_CALL_PKEY_MPROTECT:
		change->loses_class = vmt_vma_class_is_odd(done->args[2]) || done->args[3] != -1;
		break;
	case VMT_CALL_MADVISE: decode_advice(done->args[2], change); break;
	default: change->loses_class = true;
	}
}

/* mm/mprotect.c and mm/madvise.c skip a map whose flags are already the requested ones. */
bool vmt_merge_rules_keeps(const struct vmt_vma *vma, const struct vmt_change *change)
{
	if (change->loses_class)
		return false;
	if (!vmt_range_is_empty(change->protect))
		return (vma->flags & VMT_MAP_ACCESS) == change->flags;
	return vma->vma_class && !(change->known_set & ~vma->flags) &&
	       !(change->known_clear & vma->flags);
}

void vmt_merge_rules_alter(struct vmt_vma *vma, const struct vmt_change *change)
{
	if (!vmt_range_is_empty(change->protect)) {
		vma->flags &= ~VMT_MAP_ACCESS;
		vma->flags |= change->flags;
	}
	vma->flags = (vma->flags | change->known_set) & ~change->known_clear;
	vma->flags |= VMT_MAP_CHANGED;
	if (change->loses_class)
		vma->vma_class = VMT_CLASS_UNKNOWN;
}

/* A file's map keeps VM_ACCOUNT once it has it (mm/mprotect.c, mprotect_fixup). */
static bool differ_in_account(const struct vmt_vma *left, const struct vmt_vma *right)
{
	return left->vma_class && right->vma_class && vmt_vma_is_file(left) &&
	       !(left->flags & VMT_MAP_WRITE) && ((left->flags ^ right->flags) & VMT_MAP_WRITTEN);
}

/* Precondition: left and right look alike. */
static enum vmt_answer have_equal_flags(const struct vmt_rules *rules, const struct vmt_vma *left,
					const struct vmt_vma *right)
{
	enum vmt_answer equal = vmt_vma_class_equal(rules, left, right);

	if (differ_in_account(left, right))
		return VMT_ANSWER_NO;
	if (equal != VMT_ANSWER_YES)
		return equal;
	if ((left->flags ^ right->flags) & VMT_MAP_ADVICE)
		return (left->flags ^ right->flags) & VMT_MAP_THP_ADVICE ? VMT_ANSWER_MAYBE :
									   VMT_ANSWER_NO;
	if (!(left->flags & VMT_MAP_WRITE) && !vmt_vma_class_has_no_reserve(left->vma_class) &&
	    !vmt_vma_is_file(left) && (is_written(left) || is_written(right)))
		return VMT_ANSWER_MAYBE;
	return VMT_ANSWER_YES;
}

/*
 * When the changed map fits both neighbours but these do not fit each other, the kernel merges it
 * with one of the two: with the left one, or from 6.1 to 6.11 with the right one. All versions
 * merge all three if the right one has no anon_vma.
 */
static bool has_rival(const struct vmt_rules *rules, const struct vmt_vma *right,
		      const struct vmt_vma *next)
{
	return next && vmt_vma_continues(right, next) && !is_changed(next) &&
	       vmt_anon_vma_may_have(next) && have_equal_flags(rules, right, next) != VMT_ANSWER_NO;
}

/*
 * Before 6.16 it matters which of the two is the changed map: a changed map with an anon_vma did
 * not merge with a neighbour that had none.
 */
static enum vmt_answer fit_in_old_kernels(const struct vmt_rules *rules, const struct vmt_vma *left,
					  const struct vmt_vma *right, const struct vmt_vma *next,
					  const struct vmt_pending_merge *pending)
{
	if (is_changed(right))
		return vmt_anon_vma_may_have(right) || has_rival(rules, right, next) ?
			       VMT_ANSWER_MAYBE :
			       VMT_ANSWER_YES;
	if (pending && pending->is_asked)
		return VMT_ANSWER_MAYBE;
	if (pending)
		return vmt_anon_vma_may_have(right) ? VMT_ANSWER_MAYBE : VMT_ANSWER_YES;
	return vmt_anon_vma_may_have(left) ? VMT_ANSWER_MAYBE : VMT_ANSWER_YES;
}

enum vmt_answer vmt_merge_rules_decide(const struct vmt_rules *rules, const struct vmt_vma *left,
				       const struct vmt_vma *right, const struct vmt_vma *next,
				       const struct vmt_pending_merge *pending)
{
	enum vmt_answer equal = have_equal_flags(rules, left, right);

	/* The kernel only tries to merge what has changed. */
	if (!is_changed(left) && !is_changed(right))
		return VMT_ANSWER_NO;
	if (equal != VMT_ANSWER_YES)
		return equal;
	if (rules->knows_anon_vmas)
		return vmt_anon_vma_fit(rules, left, right, is_changed(right) ? NULL : pending);
	return fit_in_old_kernels(rules, left, right, next, pending);
}

/* The result has one set of attributes, so what was known of either map holds for both. */
void vmt_merge_rules_combine(struct vmt_vma *left, const struct vmt_vma *right)
{
	bool touched = vmt_anon_vma_may_have(left) || vmt_anon_vma_may_have(right);
	bool written = is_written(left) && is_written(right);
	bool take_left =
		!right->vma_class || (left->vma_class && left->vma_class <= right->vma_class);
	const struct vmt_vma *better = take_left ? left : right;
	uint32_t flags = better->flags & VMT_MAP_ADVICE;

	flags |= right->flags & VMT_MAP_CHANGED;
	flags |= (touched ? VMT_MAP_TOUCHED : 0) | (written ? VMT_MAP_WRITTEN : 0);
	vmt_anon_vma_merge(left, right);
	left->vma_class = better->vma_class;
	left->flags = (left->flags & ~VMT_MAP_KNOWN) | flags;
	left->end = right->end;
}

/*
 * Can a write reach the map? With huge pages available, a read gives anonymous memory an anon_vma
 * as well. A debugger may write a breakpoint into code; this library writes its jumps into code
 * before anything else happens to it.
 */
static bool is_open_to(const struct vmt_vma *vma, uint32_t of_file)
{
	return vma->flags & (vmt_vma_is_file(vma) ? of_file : VMT_MAP_ACCESS);
}

VMT_HOT void vmt_merge_rules_settle_one(struct vmt_vma *vma)
{
	vma->flags &= ~VMT_MAP_CHANGED;
	if (!vma->vma_class) {
		vma->flags &= ~VMT_MAP_KNOWN;
		vmt_anon_vma_forget(vma);
	}
	if (is_open_to(vma, VMT_MAP_WRITE | VMT_MAP_EXEC))
		vma->flags |= VMT_MAP_TOUCHED;
	if (is_open_to(vma, VMT_MAP_WRITE))
		vmt_anon_vma_may_appear(vma);
	if (vma->flags & VMT_MAP_WRITE)
		vma->flags |= VMT_MAP_WRITTEN;
}

void vmt_merge_rules_settle(struct vmt_outcome *outcome, const struct vmt_change *change)
{
	for (size_t i = 0; i < outcome->count; i++) {
		struct vmt_vma *vma = &outcome->map[i].vma;

		vmt_merge_rules_settle_one(vma);
		if (vma->start >= change->touched.end || vma->end <= change->touched.start)
			continue;
		vma->flags |= VMT_MAP_TOUCHED;
		vmt_anon_vma_may_appear(vma);
	}
}

static bool intersects(const struct vmt_vma *vma, struct vmt_range range)
{
	return vma->start < range.end && vma->end > range.start;
}

static bool is_out_of_reach(const struct vmt_vma *vma, const struct vmt_change *change)
{
	return change->how != VMT_CHANGE_EVERYTHING && !intersects(vma, change->window[0]) &&
	       !intersects(vma, change->window[1]);
}

void vmt_merge_rules_recall(const struct vmt_space *space, struct vmt_outcome *outcome,
			    const struct vmt_change *change)
{
	for (size_t i = 0; i < outcome->count; i++) {
		struct vmt_vma *vma = &outcome->map[i].vma;
		const struct vmt_map *was = vmt_space_at(space, vma->start);

		vma->vma_class = VMT_CLASS_UNKNOWN;
		if (!was || !is_out_of_reach(vma, change) || !vmt_vma_same(&was->vma, vma))
			continue;
		vma->vma_class = was->vma.vma_class;
		vma->anon = was->vma.anon;
		vma->left_anon = was->vma.left_anon;
		vma->right_anon = was->vma.right_anon;
		vma->flags |= was->vma.flags & VMT_MAP_KNOWN;
	}
}

void vmt_merge_rules_forget(struct vmt_space *space)
{
	for (struct vmt_map *map = vmt_space_first(space); map; map = vmt_space_next(map))
		VMT_RESET(map->vma.vma_class, VMT_CLASS_UNKNOWN);
}
