/* SPDX-License-Identifier: MIT */
/*
 * A map gets its anon_vma at the first write to it (mm/rmap.c, __anon_vma_prepare) and keeps it;
 * when the map is cut, its pieces have the same anon_vma, or none. So a cut leaves a tie, a number
 * that both sides of the cut remember:
 *
 * 	AAAAAAAAAA		one map, with an anon_vma or without
 * 	AAAA BB CCCC		cut, A|B tied and B|C tied
 *
 * A side that cannot have been written to since, and was not merged with another map, has either no
 * anon_vma or that of the other side. A side that may have been written to is marked
 * (VMT_ANON_VMA_MAY_APPEAR). Two maps that the kernel did not merge because of their anon_vmas
 * certainly have one each; both then get a number, and the two numbers are noted as a pair that
 * differs.
 */
#include "core/vma/anon_vma.h"

#include "core/base/kernel.h"

#define LAST_ANON_CUT (VMT_ANON_VMA_MAY_APPEAR - 1)
#define FIRST_KERNEL  VMT_KERNEL(6, 16)

bool vmt_anon_vma_rules_hold(const char *release)
{
	return vmt_kernel_number(release) >= FIRST_KERNEL;
}

bool vmt_anon_vma_may_have(const struct vmt_vma *vma)
{
	return !vma->vma_class || (vma->flags & VMT_MAP_TOUCHED);
}

void vmt_anon_vma_cut(struct vmt_vma *left, struct vmt_vma *right, uint32_t *last)
{
	uint32_t anon = *last < LAST_ANON_CUT ? ++*last : 0;

	left->right_anon = anon;
	right->left_anon = anon;
}

void vmt_anon_vma_forget(struct vmt_vma *vma)
{
	vma->anon = vma->left_anon = vma->right_anon = 0;
}

static bool are_tied(const struct vmt_vma *left, const struct vmt_vma *right)
{
	uint32_t anon = left->right_anon & ~VMT_ANON_VMA_MAY_APPEAR;

	return anon && anon == (right->left_anon & ~VMT_ANON_VMA_MAY_APPEAR);
}

/* Does vma have no anon_vma, or certainly the same one as `than`? */
static bool is_less(const struct vmt_vma *vma, const struct vmt_vma *than)
{
	return !vmt_anon_vma_may_have(vma) || (vma->anon && vma->anon == than->anon);
}

/* Does the left neighbour have no anon_vma other than the right one's? */
static bool is_left_less(const struct vmt_vma *left, const struct vmt_vma *right)
{
	if (are_tied(left, right) && !(left->right_anon & VMT_ANON_VMA_MAY_APPEAR))
		return true;
	return is_less(left, right);
}

static bool is_right_less(const struct vmt_vma *left, const struct vmt_vma *right)
{
	if (are_tied(left, right) && !(right->left_anon & VMT_ANON_VMA_MAY_APPEAR))
		return true;
	return is_less(right, left);
}

/* A merge may change the anon_vma that the outer neighbours see, unless right adds none. */
void vmt_anon_vma_merge(struct vmt_vma *left, const struct vmt_vma *right)
{
	bool adds_to_left = !is_right_less(left, right);
	bool adds_to_right = !is_left_less(left, right);

	left->right_anon = right->right_anon;
	if (!left->anon)
		left->anon = right->anon;
	if (adds_to_left)
		left->left_anon |= VMT_ANON_VMA_MAY_APPEAR;
	if (adds_to_right)
		left->right_anon |= VMT_ANON_VMA_MAY_APPEAR;
}

static bool are_unlike(const struct vmt_rules *rules, uint32_t a, uint32_t b)
{
	for (unsigned i = 0; i < VMT_COUNT(rules->unlike); i++)
		if ((rules->unlike[i].a == a && rules->unlike[i].b == b) ||
		    (rules->unlike[i].a == b && rules->unlike[i].b == a))
			return true;
	return false;
}

/* Each map may have an anon_vma that the other one lacks. */
static enum vmt_answer compare(const struct vmt_rules *rules, const struct vmt_vma *left,
			       const struct vmt_vma *right)
{
	if (left->anon && right->anon && are_unlike(rules, left->anon, right->anon))
		return VMT_ANSWER_NO;
	return VMT_ANSWER_MAYBE;
}

static enum vmt_answer fit_neighbours(const struct vmt_rules *rules, const struct vmt_vma *left,
				      const struct vmt_vma *right)
{
	if (is_left_less(left, right) || is_right_less(left, right))
		return VMT_ANSWER_YES;
	return compare(rules, left, right);
}

/*
 * The kernel tests the middle map against either side, and then the sides against each other. Where
 * both sides fit the middle, they fit each other too, unless the middle is the map that has no
 * anon_vma.
 */
static enum vmt_answer fit_across(const struct vmt_rules *rules,
				  const struct vmt_pending_merge *pending,
				  const struct vmt_vma *next)
{
	const struct vmt_vma *prev = &pending->prev, *middle = &pending->middle;

	if (middle->anon || is_left_less(prev, middle) || is_right_less(middle, next) ||
	    is_less(prev, next) || is_less(next, prev))
		return VMT_ANSWER_YES;
	return compare(rules, prev, next);
}

enum vmt_answer vmt_anon_vma_fit(const struct vmt_rules *rules, const struct vmt_vma *left,
				 const struct vmt_vma *right,
				 const struct vmt_pending_merge *pending)
{
	enum vmt_answer middle, sides;

	if (!pending)
		return fit_neighbours(rules, left, right);
	middle = fit_neighbours(rules, &pending->middle, right);
	sides = fit_across(rules, pending, right);
	if (middle == VMT_ANSWER_NO || sides == VMT_ANSWER_NO)
		return VMT_ANSWER_NO;
	return middle == VMT_ANSWER_YES ? sides : VMT_ANSWER_MAYBE;
}

static void number(struct vmt_rules *rules, struct vmt_vma *vma)
{
	if (!vma->anon && rules->last_anon < UINT32_MAX)
		vma->anon = ++rules->last_anon;
}

void vmt_anon_vma_differ(struct vmt_rules *rules, struct vmt_vma *left, struct vmt_vma *right)
{
	number(rules, left);
	number(rules, right);
	rules->unlike[rules->next_unlike] = (struct vmt_unlike){ left->anon, right->anon };
	rules->next_unlike = (rules->next_unlike + 1) % VMT_COUNT(rules->unlike);
}
