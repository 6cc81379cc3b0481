/* SPDX-License-Identifier: MIT */
/*
 * Edge by edge from left to right, as the kernel goes: what is certain, what the kernel has to be
 * asked about, and what its answer tells of later ones. One edge's answer can have one reason only
 * if all others are known: so each learner asks what the rules would say if it had its way.
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

/* Edge number i of an outcome: between left, the map last kept, and the i-th. */
struct edge {
	struct vmt_space *space;
	const struct vmt_change *change;
	struct vmt_outcome *outcome;
	struct vmt_vma *left;
	size_t i;
	struct vmt_pending_merge pending; /* of what left was merged… */
	bool is_merged; /* …if it was */
	bool is_open; /* the rules do not tell */
};

static struct vmt_vma *right_of(const struct edge *edge)
{
	return &edge->outcome->map[edge->i].vma;
}

static bool is_fresh(const struct edge *edge)
{
	return !vmt_range_is_empty(edge->change->fresh);
}

/* Are its two maps one now? */
static enum vmt_answer judge(const struct edge *edge)
{
	const struct vmt_outcome *outcome = edge->outcome;
	const struct vmt_vma *next =
		edge->i + 1 < outcome->count ? &outcome->map[edge->i + 1].vma : NULL;
	enum vmt_answer answer;

	if (!vmt_vma_continues(edge->left, right_of(edge)))
		return VMT_ANSWER_NO;
	if (!edge->space->reasons || !vmt_range_is_empty(edge->change->remapped))
		return VMT_ANSWER_MAYBE;
	answer = vmt_merge_rules_decide(edge->space, edge->left, right_of(edge), next,
					edge->is_merged ? &edge->pending : NULL);
	if (answer != VMT_ANSWER_YES || !vmt_vma_is_file(edge->left) || !is_fresh(edge))
		return answer;
	return vmt_vma_class_files_merge(edge->space, edge->left);
}

/*
 * The kernel was asked. If nothing but MAP_STACK could have been the reason for its answer, this
 * is what it means here.
 */
static void learn_stack_class(const struct edge *edge, enum vmt_answer answer)
{
	struct vmt_space *space = edge->space;

	if (!space->reasons || space->stack_class != VMT_STACK_CLASS_UNKNOWN)
		return;
	space->stack_class = VMT_STACK_CLASS_EQUAL;
	if (judge(edge) != VMT_ANSWER_YES)
		space->stack_class = VMT_STACK_CLASS_UNKNOWN;
	else if (answer == VMT_ANSWER_NO)
		space->stack_class = VMT_STACK_CLASS_OTHER;
}

/* The same for what the file system does. */
static void learn_files(const struct edge *edge, enum vmt_answer answer)
{
	struct vmt_files was = edge->space->files;
	enum vmt_answer *place;

	if (!edge->space->reasons || !vmt_vma_is_file(edge->left) || !is_fresh(edge))
		return;
	place = vmt_vma_class_files_place(edge->space, edge->left);
	if (*place == VMT_ANSWER_MAYBE) {
		*place = VMT_ANSWER_YES;
		if (judge(edge) == VMT_ANSWER_YES) {
			*place = answer;
			return;
		}
	}
	edge->space->files = was;
}

/* If it could only have been their anon_vmas that kept them apart, these are known now. */
static void learn_anon_vmas(const struct edge *edge, enum vmt_answer answer)
{
	struct vmt_space *space = edge->space;

	if (!space->reasons || !space->knows_anon_vmas || answer == VMT_ANSWER_YES)
		return;
	space->anon_vmas_fit = true;
	if (judge(edge) == VMT_ANSWER_YES)
		vmt_anon_vma_differ(space, edge->left, right_of(edge));
	space->anon_vmas_fit = false;
}

/* The answer to what seemed known, or to what was open. */
static void learn_from(const struct edge *edge, enum vmt_answer expected, enum vmt_answer answer)
{
	if (expected == VMT_ANSWER_MAYBE) {
		learn_stack_class(edge, answer);
		learn_files(edge, answer);
		learn_anon_vmas(edge, answer);
	} else if (expected != answer) {
		edge->space->is_refuted = true;
	}
}

/* Ask the kernel. Returns an enum vmt_answer, or VMT_MERGE_UNKNOWN. */
static int ask(const struct edge *edge, const struct vmt_kernel_ops *kernel,
	       enum vmt_answer expected)
{
	int two = kernel->boundary(kernel->context, right_of(edge));
	enum vmt_answer answer = two ? VMT_ANSWER_NO : VMT_ANSWER_YES;
	bool is_alone = !kernel->is_alone || kernel->is_alone(kernel->context);

	if (two == -ESTALE && is_alone && edge->space->reasons)
		edge->space->is_refuted = true;
	if (two < 0)
		return VMT_MERGE_UNKNOWN;
	if (is_alone)
		learn_from(edge, expected, answer);
	return (int)answer;
}

/* Is the kernel asked although it seems known what it has done? */
static bool is_sampled(const struct edge *edge)
{
	return edge->space->reasons && edge->space->is_sample &&
	       vmt_vma_continues(edge->left, right_of(edge));
}

static bool is_at_edge(struct vmt_range zone, uint64_t addr)
{
	return addr >= zone.start && addr <= zone.end;
}

/* Has the kernel merged the two? Sets learnt. Returns an enum vmt_answer, or VMT_MERGE_UNKNOWN. */
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
