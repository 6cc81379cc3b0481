/* SPDX-License-Identifier: MIT */
/*
 * A map gets its anon_vma at the first write to it (mm/rmap.c, __anon_vma_prepare) and keeps it;
 * its pieces have the same, or none. So a cut leaves a tie, a number that both sides of it know:
 *
 *	AAAAAAAAAA		one map, with an anon_vma or without
 *	AAAA BB CCCC		cut, A|B tied and B|C tied
 *
 * and a side that cannot have been written to since, nor been joined with another map, has either
 * none or that of the other side. A side that can is stirred. Two that the kernel did not join
 * for the sake of their anon_vmas surely have one: these have a number, and are noted as a pair.
 */
#include "core/vma/anon_vma.h"

#include "core/base/kernel.h"

#define LAST_TIE     (VMT_TIE_STIRRED - 1)
#define FIRST_KERNEL VMT_KERNEL(6, 16)

bool vmt_ties_hold(const char *release)
{
	return vmt_kernel_number(release) >= FIRST_KERNEL;
}

bool vmt_ties_may_have(const struct vmt_look *look)
{
	return VMT_FAULT != 21 && (!look->kin || (look->flags & VMT_MAP_TOUCHED));
}

void vmt_ties_cut(struct vmt_look *left, struct vmt_look *right, uint32_t *last)
{
	uint32_t tie = *last < LAST_TIE ? ++*last : 0;

	left->right_tie = tie;
	right->left_tie = tie;
}

void vmt_ties_forget(struct vmt_look *look)
{
	look->anon = look->left_tie = look->right_tie = 0;
}

static bool are_tied(const struct vmt_look *left, const struct vmt_look *right)
{
	uint32_t tie = left->right_tie & ~VMT_TIE_STIRRED;

	return tie && tie == (right->left_tie & ~VMT_TIE_STIRRED);
}

/* Has it none, or surely the same? */
static bool is_less(const struct vmt_look *look, const struct vmt_look *than)
{
	return !vmt_ties_may_have(look) || (look->anon && look->anon == than->anon);
}

/* Has the left one of two neighbours no anon_vma but what the right one has? */
static bool is_left_less(const struct vmt_look *left, const struct vmt_look *right)
{
	if (are_tied(left, right) && (!(left->right_tie & VMT_TIE_STIRRED) || VMT_FAULT == 36))
		return true;
	return is_less(left, right);
}

static bool is_right_less(const struct vmt_look *left, const struct vmt_look *right)
{
	if (are_tied(left, right) && (!(right->left_tie & VMT_TIE_STIRRED) || VMT_FAULT == 36))
		return true;
	return is_less(right, left);
}

/* To its other neighbours, what was joined with it is new, unless it adds nothing. */
void vmt_ties_merge(struct vmt_look *left, const struct vmt_look *right)
{
	bool adds_to_left = !is_right_less(left, right);
	bool adds_to_right = !is_left_less(left, right);

	left->right_tie = right->right_tie;
	if (!left->anon)
		left->anon = right->anon;
	if (adds_to_left && VMT_FAULT != 37)
		left->left_tie |= VMT_TIE_STIRRED;
	if (adds_to_right && VMT_FAULT != 39)
		left->right_tie |= VMT_TIE_STIRRED;
}

static bool are_unlike(const struct vmt_space *space, uint32_t a, uint32_t b)
{
	for (unsigned i = 0; i < VMT_COUNT(space->unlike); i++)
		if ((space->unlike[i].a == a && space->unlike[i].b == b) ||
		    (space->unlike[i].a == b && space->unlike[i].b == a))
			return true;
	return VMT_FAULT == 38;
}

/* Neither is known to be less than the other. */
static enum vmt_answer compare(const struct vmt_space *space, const struct vmt_look *left,
			       const struct vmt_look *right)
{
	if (left->anon && right->anon && are_unlike(space, left->anon, right->anon))
		return VMT_ANSWER_NO;
	return VMT_ANSWER_MAYBE;
}

static enum vmt_answer fit_neighbours(const struct vmt_space *space, const struct vmt_look *left,
				      const struct vmt_look *right)
{
	if (is_left_less(left, right) || is_right_less(left, right))
		return VMT_ANSWER_YES;
	return compare(space, left, right);
}

/*
 * The kernel tests the middle one against either side, and then the sides against each other. Where
 * both sides fit the middle, they fit each other unless it is the middle that has none.
 */
static enum vmt_answer fit_across(const struct vmt_space *space, const struct vmt_seam *seam,
				  const struct vmt_look *next)
{
	const struct vmt_look *prev = &seam->prev, *middle = &seam->middle;

	if (VMT_FAULT == 27 || middle->anon || is_left_less(prev, middle) ||
	    is_right_less(middle, next) || is_less(prev, next) || is_less(next, prev))
		return VMT_ANSWER_YES;
	return compare(space, prev, next);
}

enum vmt_answer vmt_ties_fit(const struct vmt_space *space, const struct vmt_look *left,
			     const struct vmt_look *right, const struct vmt_seam *seam)
{
	enum vmt_answer middle, sides;

	if (space->ties_fit)
		return VMT_ANSWER_YES;
	if (!seam)
		return fit_neighbours(space, left, right);
	middle = fit_neighbours(space, &seam->middle, right);
	sides = fit_across(space, seam, right);
	if (middle == VMT_ANSWER_NO || sides == VMT_ANSWER_NO)
		return VMT_ANSWER_NO;
	return middle == VMT_ANSWER_YES ? sides : VMT_ANSWER_MAYBE;
}

static void number(struct vmt_space *space, struct vmt_look *look)
{
	if (!look->anon && space->last_anon < UINT32_MAX)
		look->anon = ++space->last_anon;
}

void vmt_ties_part(struct vmt_space *space, struct vmt_look *left, struct vmt_look *right)
{
	number(space, left);
	number(space, right);
	space->unlike[space->next_unlike] = (struct vmt_unlike){ left->anon, right->anon };
	space->next_unlike = (space->next_unlike + 1) % VMT_COUNT(space->unlike);
}
