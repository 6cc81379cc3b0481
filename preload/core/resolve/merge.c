/* SPDX-License-Identifier: MIT */
/*
 * Pairs of neighbours are judged from left to right, which is the kernel's order. Where the rules
 * leave a pair open, the kernel is asked, and its answer may decide later pairs too. An answer has
 * only one possible reason if everything else about the pair is known. So each learn_*() function
 * first asks the rules what they would say if its own unknown were settled.
 */
#include "core/resolve/merge.h"

#include <linux/errno.h>

#include "core/vma/merge_rules.h"

/* The kernel tries to merge at both ends of this range, and within it. */
static struct vmt_range merge_zone(const struct vmt_change *change)
{
	const struct vmt_range *from = &change->from;
	uint64_t end = change->to + (from->end - from->start);

	if (!vmt_range_is_empty(*from))
		return (struct vmt_range){ change->to,
					   change->grown.end > end ? change->grown.end : end };
	if (!vmt_range_is_empty(change->fresh))
		return change->fresh;
	if (!vmt_range_is_empty(change->grown))
		return change->grown;
	if (!vmt_range_is_empty(change->protect))
		return change->protect;
	return change->advise;
}

/* Pair number i of an outcome: left, the last map kept so far, and map number i on its right. */
struct pair {
	struct vmt_space *space;
	const struct vmt_change *change;
	struct vmt_outcome *outcome;
	struct vmt_vma *left;
	size_t i;
	struct vmt_pending_merge pending; /* the merge that produced left, if is_merged */
	bool is_merged; /* left is the result of a merge */
	bool is_open; /* the rules do not decide this pair */
};

static struct vmt_vma *right_of(const struct pair *pair)
{
	return &pair->outcome->map[pair->i].vma;
}

static bool is_fresh(const struct pair *pair)
{
	return !vmt_range_is_empty(pair->change->fresh);
}

static const struct vmt_vma *next_of(const struct pair *pair)
{
	return pair->i + 1 < pair->outcome->count ? &pair->outcome->map[pair->i + 1].vma : NULL;
}

/* Do new maps of left's file merge? */
static enum vmt_answer files_merge(const struct pair *pair)
{
	return vmt_vma_is_file(pair->left) && is_fresh(pair) ?
		       vmt_vma_class_files_merge(&pair->space->rules, pair->left) :
		       VMT_ANSWER_YES;
}

/* Have left and right merged, if the file system allows it? */
static inline enum vmt_answer judge_maps(const struct pair *pair, const struct vmt_vma *left,
					 const struct vmt_vma *right, const struct vmt_vma *next)
{
	if (!vmt_vma_continues(left, right))
		return VMT_ANSWER_NO;
	if (!pair->space->rules.reasons || !vmt_range_is_empty(pair->change->remapped))
		return VMT_ANSWER_MAYBE;
	return vmt_merge_rules_decide(&pair->space->rules, left, right, next,
				      pair->is_merged ? &pair->pending : NULL);
}

/* Have the pair's two maps merged? */
static enum vmt_answer judge(const struct pair *pair)
{
	enum vmt_answer answer = judge_maps(pair, pair->left, right_of(pair), next_of(pair));

	return answer == VMT_ANSWER_YES ? files_merge(pair) : answer;
}

/* What a learn_*() function assumes, to see whether everything else is known. */
struct assumption {
	bool no_stack; /* no map was made with MAP_STACK */
	bool files_merge; /* new maps of this file merge */
	bool no_anon; /* right has no anon_vma, so any neighbour fits */
};

/*
 * Would the two certainly merge? noinline, so that only this case pays for the copies on the stack.
 */
__attribute__((noinline)) static bool would_merge(const struct pair *pair,
						  const struct assumption *assumption)
{
	struct vmt_vma left = *pair->left, right = *right_of(pair);
	const struct vmt_vma *behind = next_of(pair);
	struct vmt_vma next = behind ? *behind : right;

	if (assumption->no_stack) {
		vmt_vma_class_take_stack(&left);
		vmt_vma_class_take_stack(&right);
		vmt_vma_class_take_stack(&next);
	}
	if (assumption->no_anon)
		right.flags &= ~VMT_MAP_TOUCHED;
	return (assumption->files_merge || files_merge(pair) == VMT_ANSWER_YES) &&
	       judge_maps(pair, &left, &right, behind ? &next : NULL) == VMT_ANSWER_YES;
}

/*
 * The kernel has answered. If nothing but MAP_STACK can be the reason for its answer, this shows
 * what MAP_STACK means here. Advice about huge pages replaces what MAP_STACK did.
 */
static void learn_stack_class(const struct pair *pair, enum vmt_answer answer)
{
	static const struct assumption assumption = { .no_stack = true };
	struct vmt_rules *rules = &pair->space->rules;
	uint32_t flags = pair->left->flags | right_of(pair)->flags;

	if (rules->stack_class != VMT_STACK_CLASS_UNKNOWN || flags & VMT_MAP_THP_ADVICE ||
	    !would_merge(pair, &assumption))
		return;
	rules->stack_class =
		answer == VMT_ANSWER_NO ? VMT_STACK_CLASS_OTHER : VMT_STACK_CLASS_EQUAL;
}

/* Likewise for what the file system does. */
static void learn_files(const struct pair *pair, enum vmt_answer answer)
{
	static const struct assumption assumption = { .files_merge = true };

	if (files_merge(pair) == VMT_ANSWER_MAYBE && would_merge(pair, &assumption))
		vmt_vma_class_files_learn(&pair->space->rules, pair->left, answer);
}

/* If only their anon_vmas can have kept the two apart, these are known to differ. */
static void learn_anon_vmas(const struct pair *pair, enum vmt_answer answer)
{
	static const struct assumption assumption = { .no_anon = true };
	struct vmt_rules *rules = &pair->space->rules;

	if (rules->knows_anon_vmas && answer != VMT_ANSWER_YES && would_merge(pair, &assumption))
		vmt_anon_vma_differ(rules, pair->left, right_of(pair));
}

/* Learn from the kernel's answer: it settles an open question, or it refutes the rules. */
static void learn_from(const struct pair *pair, enum vmt_answer expected, enum vmt_answer answer)
{
	if (expected == VMT_ANSWER_MAYBE) {
		learn_stack_class(pair, answer);
		learn_files(pair, answer);
		learn_anon_vmas(pair, answer);
	} else if (expected != answer) {
		pair->space->rules.is_refuted = true;
	}
}

/* Ask the kernel about the pair. Returns an enum vmt_answer, or VMT_MERGE_UNKNOWN. */
static int ask(const struct pair *pair, const struct vmt_kernel_ops *kernel,
	       enum vmt_answer expected)
{
	int two = kernel->boundary(kernel->context, right_of(pair));
	enum vmt_answer answer = two ? VMT_ANSWER_NO : VMT_ANSWER_YES;
	bool is_alone = !kernel->is_alone || kernel->is_alone(kernel->context);

	if (two == -ESTALE && is_alone && pair->space->rules.reasons)
		pair->space->rules.is_refuted = true;
	if (two < 0)
		return VMT_MERGE_UNKNOWN;
	if (is_alone && pair->space->rules.reasons)
		learn_from(pair, expected, answer);
	return (int)answer;
}

/* Is the kernel asked although the rules know the answer? */
static bool is_sampled(const struct pair *pair)
{
	return pair->space->rules.reasons && pair->space->rules.is_sample &&
	       vmt_vma_continues(pair->left, right_of(pair));
}

static bool is_in_zone(struct vmt_range zone, uint64_t addr)
{
	return addr >= zone.start && addr <= zone.end;
}

/*
 * Has the kernel merged the two? Sets *resolved if it was asked or guessed. Returns an enum
 * vmt_answer, or VMT_MERGE_UNKNOWN.
 */
static int answer_of(struct pair *pair, const struct vmt_kernel_ops *kernel, int *resolved)
{
	enum vmt_answer answer = judge(pair);

	pair->is_open = answer == VMT_ANSWER_MAYBE;
	if (answer != VMT_ANSWER_MAYBE && !(kernel && is_sampled(pair)))
		return (int)answer;
	*resolved = kernel ? VMT_RESOLVED_ASKED : VMT_RESOLVED_GUESSED;
	return kernel ? ask(pair, kernel, answer) : VMT_ANSWER_YES;
}

int vmt_merge_neighbours(struct vmt_space *space, struct vmt_outcome *outcome,
			 const struct vmt_change *change, const struct vmt_kernel_ops *kernel)
{
	struct vmt_range zone = merge_zone(change);
	struct pair pair = { .space = space, .change = change, .outcome = outcome };
	int resolved = VMT_RESOLVED_DERIVED;
	size_t kept = 0;

	if (vmt_range_is_empty(zone))
		return resolved;
	for (pair.i = 1; pair.i < outcome->count; pair.i++) {
		struct vmt_vma *left = &outcome->map[kept].vma;
		int one = VMT_ANSWER_NO;

		pair.left = left;
		if (is_in_zone(zone, right_of(&pair)->start))
			one = answer_of(&pair, kernel, &resolved);
		if (one == VMT_MERGE_UNKNOWN)
			return VMT_MERGE_UNKNOWN;
		pair.is_merged = one == VMT_ANSWER_YES;
		if (!pair.is_merged) {
			outcome->map[++kept] = outcome->map[pair.i];
			continue;
		}
		pair.pending = (struct vmt_pending_merge){ *left, *right_of(&pair), pair.is_open };
		vmt_merge_rules_combine(left, right_of(&pair));
	}
	if (outcome->count)
		outcome->count = kept + 1;
	return resolved;
}
