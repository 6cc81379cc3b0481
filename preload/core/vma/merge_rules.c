/* SPDX-License-Identifier: MIT */
/*
 * Linux merges neighbours when all their flags, the file, the policy, the name and the page offset
 * fit and their anon_vmas do not contradict each other (mm/vma.c, can_vma_merge_*; before 6.12 in
 * mm/mmap.c). No call shows the following of them:
 *
 *	class	flags, policy, name and offset as they were when the map was made. Equal class:
 *		equal. 0: unknown
 *	advice	what madvise has changed of them since, exactly
 *	TOUCHED	may have an anon_vma. A map that has never been accessible has none: that takes an
 *		access, or MADV_GUARD_INSTALL (FOLL_FORCE writes are not handled)
 *	WRITTEN	has been writable. VM_ACCOUNT comes with that, and whether it goes with it depends
 *		on the anon_vma since 6.7; while the map is writable it is determined by its class
 *
 * A map without an anon_vma fits any neighbour in a process that was not forked; after a fork nothing
 * is known. Of two that may have one, anon_vma.h sometimes knows whether it is the same.
 */
#include "core/vma/merge_rules.h"

#include <asm/mman.h>
#include <linux/mman.h>

#include "core/recording/record.h"

#define RWX           (VMT_MAP_READ | VMT_MAP_WRITE | VMT_MAP_EXEC)
#define GUARD_INSTALL 102 /* Linux 6.13 */
#define DONTFORK      VMT_MAP_ADVISED(0)
#define WIPEONFORK    VMT_MAP_ADVISED(1)
#define DONTDUMP      VMT_MAP_ADVISED(2)
#define RANDOM        VMT_MAP_ADVISED(3)
#define SEQUENTIAL    VMT_MAP_ADVISED(4)
#define HUGEPAGE      VMT_MAP_HUGEPAGE
#define NOHUGEPAGE    VMT_MAP_NOHUGEPAGE

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
	change->blurs = advice != GUARD_INSTALL;
}

void vmt_merge_rules_decode(const struct vmt_done *done, struct vmt_change *change)
{
	switch (done->call) {
	case VMT_CALL_MMAP:
		change->born = vmt_vma_class_of_mmap(done->args[2], (unsigned long)done->args[3]);
		break;
	case VMT_CALL_BRK: change->born = VMT_CLASS_BRK; break;
	case VMT_CALL_MPROTECT: change->blurs = vmt_vma_class_is_odd(done->args[2]); break;
	case VMT_CALL_PKEY_MPROTECT:
		change->blurs = vmt_vma_class_is_odd(done->args[2]) || done->args[3] != -1;
		break;
	case VMT_CALL_MADVISE: decode_advice(done->args[2], change); break;
	default: change->blurs = true;
	}
}

/* mm/mprotect.c and mm/madvise.c pass over a map whose flags are already those wanted. */
bool vmt_merge_rules_keeps(const struct vmt_vma *vma, const struct vmt_change *change)
{
	if (change->blurs)
		return false;
	if (!vmt_range_is_empty(change->protect))
		return (vma->flags & RWX) == change->flags;
	return vma->vma_class && !(change->known_set & ~vma->flags) &&
	       !(change->known_clear & vma->flags);
}

void vmt_merge_rules_alter(struct vmt_vma *vma, const struct vmt_change *change)
{
	if (!vmt_range_is_empty(change->protect)) {
		vma->flags &= ~RWX;
		vma->flags |= change->flags;
	}
	vma->flags = (vma->flags | change->known_set) & ~change->known_clear;
	vma->flags |= VMT_MAP_CHANGED;
	if (change->blurs)
		vma->vma_class = VMT_CLASS_UNKNOWN;
}

/* Of a file, VM_ACCOUNT stays what it has become (mm/mprotect.c, mprotect_fixup). */
static bool differ_in_account(const struct vmt_vma *left, const struct vmt_vma *right)
{
	return left->vma_class && right->vma_class && vmt_vma_is_file(left) &&
	       !(left->flags & VMT_MAP_WRITE) && ((left->flags ^ right->flags) & VMT_MAP_WRITTEN);
}

/* Left and right look alike. */
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
 * When both neighbours of what the call has changed fit it but not each other, it is merged with
 * one: the left one, or from 6.1 to 6.11 the right one. All versions take both if the right one has
 * no anon_vma.
 */
static bool has_rival(const struct vmt_rules *rules, const struct vmt_vma *right,
		      const struct vmt_vma *next)
{
	return next && vmt_vma_continues(right, next) && !is_changed(next) &&
	       vmt_anon_vma_may_have(next) && have_equal_flags(rules, right, next) != VMT_ANSWER_NO;
}

/*
 * Until 6.15, which of the two is the changed one matters: one with an anon_vma did not merge with
 * a neighbour without.
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

	/* Only what has changed is tried on its neighbours. */
	if (!is_changed(left) && !is_changed(right))
		return VMT_ANSWER_NO;
	if (equal != VMT_ANSWER_YES)
		return equal;
	if (rules->knows_anon_vmas)
		return vmt_anon_vma_fit(rules, left, right, is_changed(right) ? NULL : pending);
	return fit_in_old_kernels(rules, left, right, next, pending);
}

/* Being one, they have the same attributes: what was known of either holds for both. */
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
 * Can a write reach it? Reading gives anonymous memory an anon_vma as well where huge pages are at
 * hand. A breakpoint may be written into code, where this library writes its jumps before
 * anything else happens to it.
 */
static bool is_open_to(const struct vmt_vma *vma, uint32_t of_file)
{
	return vma->flags & (vmt_vma_is_file(vma) ? of_file : RWX);
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
		map->vma.vma_class = VMT_CLASS_UNKNOWN;
}
