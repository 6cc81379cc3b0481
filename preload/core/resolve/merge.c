/* SPDX-License-Identifier: MIT */
/*
 * Edges between neighbours are judged from left to right, as the kernel goes. Where the rules leave
 * an edge open, the kernel is asked, and its answer may decide later edges too. An answer has only
 * one possible reason if everything else about the edge is known. So each learn_*() function first
 * asks the rules what they would say if its own unknown were settled.
 */
#include "core/resolve/merge.h"

#include <linux/errno.h>

#include "core/vma/merge_rules.h"

static struct vmt_range edge_zone(const struct vmt_change *change)
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

/* Edge number i of an outcome: between left, the last map kept so far, and map number i. */
struct edge {
	struct vmt_space *space;
	const struct vmt_change *change;
	struct vmt_outcome *outcome;
	struct vmt_vma *left;
	size_t i;
	struct vmt_pending_merge pending; /* the merge that produced left, if is_merged */
	bool is_merged; /* left is the result of a merge */
	bool is_open; /* the rules do not decide this edge */
};

static struct vmt_vma *right_of(const struct edge *edge)
{
	return &edge->outcome->map[edge->i].vma;
}

static bool is_fresh(const struct edge *edge)
{
	return !vmt_range_is_empty(edge->change->fresh);
}

static const struct vmt_vma *next_of(const struct edge *edge)
{
	return edge->i + 1 < edge->outcome->count ? &edge->outcome->map[edge->i + 1].vma : NULL;
}

/* Do new maps of left's file merge? */
static enum vmt_answer files_merge(const struct edge *edge)
{
	return vmt_vma_is_file(edge->left) && is_fresh(edge) ?
		       vmt_vma_class_files_merge(&edge->space->rules, edge->left) :
		       VMT_ANSWER_YES;
}

/* Have left and right merged, if the file system allows it? */
static inline enum vmt_answer judge_maps(const struct edge *edge, const struct vmt_vma *left,
					 const struct vmt_vma *right, const struct vmt_vma *next)
{
	if (!vmt_vma_continues(left, right))
		return VMT_ANSWER_NO;
	if (!edge->space->rules.reasons || !vmt_range_is_empty(edge->change->remapped))
		return VMT_ANSWER_MAYBE;
	return vmt_merge_rules_decide(&edge->space->rules, left, right, next,
				      edge->is_merged ? &edge->pending : NULL);
}

/* Have the edge's two maps merged? */
static enum vmt_answer judge(const struct edge *edge)
{
	enum vmt_answer answer = judge_maps(edge, edge->left, right_of(edge), next_of(edge));

	return answer == VMT_ANSWER_YES ? files_merge(edge) : answer;
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
__attribute__((noinline)) static bool would_merge(const struct edge *edge,
						  const struct assumption *assumption)
{
	struct vmt_vma left = *edge->left, right = *right_of(edge);
	const struct vmt_vma *behind = next_of(edge);
	struct vmt_vma next = behind ? *behind : right;

	if (assumption->no_stack) {
		vmt_vma_class_take_stack(&left);
		vmt_vma_class_take_stack(&right);
		vmt_vma_class_take_stack(&next);
	}
	if (assumption->no_anon)
		right.flags &= ~VMT_MAP_TOUCHED;
	return (assumption->files_merge || files_merge(edge) == VMT_ANSWER_YES) &&
	       judge_maps(edge, &left, &right, behind ? &next : NULL) == VMT_ANSWER_YES;
}

/*
 * The kernel has answered. If nothing but MAP_STACK can be the reason for its answer, this shows
 * what MAP_STACK means here.
 */
static void learn_stack_class(const struct edge *edge, enum vmt_answer answer)
{
	static const struct assumption assumption = { .no_stack = true };
	struct vmt_rules *rules = &edge->space->rules;

	if (rules->stack_class != VMT_STACK_CLASS_UNKNOWN || !would_merge(edge, &assumption))
		return;
	rules->stack_class =
		answer == VMT_ANSWER_NO ? VMT_STACK_CLASS_OTHER : VMT_STACK_CLASS_EQUAL;
}

/* Likewise for what the file system does. */
static void learn_files(const struct edge *edge, enum vmt_answer answer)
{
	static const struct assumption assumption = { .files_merge = true };

	if (files_merge(edge) == VMT_ANSWER_MAYBE && would_merge(edge, &assumption))
		vmt_vma_class_files_learn(&edge->space->rules, edge->left, answer);
}

/* If only their anon_vmas can have kept the two apart, these are known to differ. */
static void learn_anon_vmas(const struct edge *edge, enum vmt_answer answer)
{
	static const struct assumption assumption = { .no_anon = true };
	struct vmt_rules *rules = &edge->space->rules;

	if (rules->knows_anon_vmas && answer != VMT_ANSWER_YES && would_merge(edge, &assumption))
		vmt_anon_vma_differ(rules, edge->left, right_of(edge));
}

/* Learn from the kernel's answer: it settles an open question, or it refutes the rules. */
static void learn_from(const struct edge *edge, enum vmt_answer expected, enum vmt_answer answer)
{
	if (expected == VMT_ANSWER_MAYBE) {
		learn_stack_class(edge, answer);
		learn_files(edge, answer);
		learn_anon_vmas(edge, answer);
	} else if (expected != answer) {
		edge->space->rules.is_refuted = true;
	}
}

/* Ask the kernel about the edge. Returns an enum vmt_answer, or VMT_MERGE_UNKNOWN. */
static int ask(const struct edge *edge, const struct vmt_kernel_ops *kernel,
	       enum vmt_answer expected)
{
	int two = kernel->boundary(kernel->context, right_of(edge));
	enum vmt_answer answer = two ? VMT_ANSWER_NO : VMT_ANSWER_YES;
	bool is_alone = !kernel->is_alone || kernel->is_alone(kernel->context);

	if (two == -ESTALE && is_alone && edge->space->rules.reasons)
		edge->space->rules.is_refuted = true;
	if (two < 0)
		return VMT_MERGE_UNKNOWN;
	if (is_alone && edge->space->rules.reasons)
		learn_from(edge, expected, answer);
	return (int)answer;
}

/* Is the kernel asked although the rules know the answer? */
static bool is_sampled(const struct edge *edge)
{
	return edge->space->rules.reasons && edge->space->rules.is_sample &&
	       vmt_vma_continues(edge->left, right_of(edge));
}

static bool is_at_edge(struct vmt_range zone, uint64_t addr)
{
	return addr >= zone.start && addr <= zone.end;
}

/*
 * Has the kernel merged the two? Sets *resolved if it was asked or guessed. Returns an enum
 * vmt_answer, or VMT_MERGE_UNKNOWN.
 */
static int answer_of(struct edge *edge, const struct vmt_kernel_ops *kernel, int *resolved)
{
	enum vmt_answer answer = judge(edge);

	edge->is_open = answer == VMT_ANSWER_MAYBE;
	if (answer != VMT_ANSWER_MAYBE && !(kernel && is_sampled(edge)))
		return (int)answer;
	*resolved = kernel ? VMT_RESOLVED_ASKED : VMT_RESOLVED_GUESSED;
	return kernel ? ask(edge, kernel, answer) : VMT_ANSWER_YES;
}

int vmt_merge_edges(struct vmt_space *space, struct vmt_outcome *outcome,
		    const struct vmt_change *change, const struct vmt_kernel_ops *kernel)
{
	struct vmt_range zone = edge_zone(change);
	struct edge edge = { .space = space, .change = change, .outcome = outcome };
	int resolved = VMT_RESOLVED_DERIVED;
	size_t kept = 0;

	if (vmt_range_is_empty(zone))
		return resolved;
	for (edge.i = 1; edge.i < outcome->count; edge.i++) {
		struct vmt_vma *left = &outcome->map[kept].vma;
		int one = VMT_ANSWER_NO;

		edge.left = left;
		if (is_at_edge(zone, right_of(&edge)->start))
			one = answer_of(&edge, kernel, &resolved);
		if (one == VMT_MERGE_UNKNOWN)
			return VMT_MERGE_UNKNOWN;
		edge.is_merged = one == VMT_ANSWER_YES;
		if (!edge.is_merged) {
			outcome->map[++kept] = outcome->map[edge.i];
			continue;
		}
		edge.pending = (struct vmt_pending_merge){ *left, *right_of(&edge), edge.is_open };
		vmt_merge_rules_combine(left, right_of(&edge));
	}
	if (outcome->count)
		outcome->count = kept + 1;
	return resolved;
}
