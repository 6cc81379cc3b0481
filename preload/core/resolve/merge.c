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
		return (struct vmt_range){ change->to, change->grown.end > end ? change->grown.end :
										 end };
	if (!vmt_range_is_empty(change->fresh))
		return change->fresh;
	if (!vmt_range_is_empty(change->grown))
		return change->grown;
	if (!vmt_range_is_empty(change->protect))
		return change->protect;
	return change->advise;
}

/* Edge number i of a sketch: between left, the map last kept, and the i-th. */
struct edge {
	struct vmt_space *space;
	const struct vmt_change *change;
	struct vmt_sketch *sketch;
	struct vmt_look *left;
	size_t i;
	struct vmt_seam seam;	/* of what left was joined… */
	bool is_joined;	/* …if it was */
	bool is_open;	/* the rules do not tell */
};

static struct vmt_look *right_of(const struct edge *edge)
{
	return &edge->sketch->map[edge->i].look;
}

static bool is_fresh(const struct edge *edge)
{
	return !vmt_range_is_empty(edge->change->fresh);
}

/* Are its two maps one now? */
static enum vmt_answer judge(const struct edge *edge)
{
	const struct vmt_sketch *sketch = edge->sketch;
	const struct vmt_look *next = edge->i + 1 < sketch->count ? &sketch->map[edge->i + 1].look :
								    NULL;
	enum vmt_answer answer;

	if (!vmt_look_continues(edge->left, right_of(edge)))
		return VMT_ANSWER_NO;
	if (!edge->space->reasons || !vmt_range_is_empty(edge->change->remapped))
		return VMT_ANSWER_MAYBE;
	answer = vmt_known_joins(edge->space, edge->left, right_of(edge), next,
				 edge->is_joined ? &edge->seam : NULL);
	if (answer != VMT_ANSWER_YES || !vmt_look_is_file(edge->left) || !is_fresh(edge))
		return answer;
	return vmt_kin_files_join(edge->space, edge->left);
}

/*
 * The kernel was asked. If nothing but MAP_STACK could have been the reason for its answer, this
 * is what it means here.
 */
static void learn_stack_kin(const struct edge *edge, enum vmt_answer answer)
{
	struct vmt_space *space = edge->space;

	if (!space->reasons || space->stack_kin != VMT_STACK_KIN_UNKNOWN)
		return;
	space->stack_kin = VMT_STACK_KIN_EQUAL;
	if (judge(edge) != VMT_ANSWER_YES)
		space->stack_kin = VMT_STACK_KIN_UNKNOWN;
	else if (answer == VMT_ANSWER_NO)
		space->stack_kin = VMT_STACK_KIN_OTHER;
}

/* The same for what the file system does. */
static void learn_files(const struct edge *edge, enum vmt_answer answer)
{
	struct vmt_files was = edge->space->files;
	enum vmt_answer *place;

	if (!edge->space->reasons || !vmt_look_is_file(edge->left) || !is_fresh(edge))
		return;
	place = vmt_kin_files_place(edge->space, edge->left);
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
static void learn_ties(const struct edge *edge, enum vmt_answer answer)
{
	struct vmt_space *space = edge->space;

	if (!space->reasons || !space->has_ties || answer == VMT_ANSWER_YES)
		return;
	space->ties_fit = true;
	if (judge(edge) == VMT_ANSWER_YES || VMT_FAULT == 40)
		vmt_ties_part(space, edge->left, right_of(edge));
	space->ties_fit = false;
}

/* The answer to what seemed known, or to what was open. */
static void learn_from(const struct edge *edge, enum vmt_answer expected, enum vmt_answer answer)
{
	if (expected == VMT_ANSWER_MAYBE) {
		learn_stack_kin(edge, answer);
		learn_files(edge, answer);
		learn_ties(edge, answer);
	} else if (expected != answer) {
		edge->space->is_refuted = true;
	}
}

/* Ask the kernel. Returns an enum vmt_answer, or VMT_JOIN_UNKNOWN. */
static int ask(const struct edge *edge, const struct vmt_kernel_ops *kernel,
	       enum vmt_answer expected)
{
	int two = kernel->boundary(kernel->context, right_of(edge));
	enum vmt_answer answer = two ? VMT_ANSWER_NO : VMT_ANSWER_YES;
	bool is_alone = !kernel->is_alone || kernel->is_alone(kernel->context);

	if (two == -ESTALE && is_alone && edge->space->reasons)
		edge->space->is_refuted = true;
	if (two < 0)
		return VMT_JOIN_UNKNOWN;
	if (is_alone)
		learn_from(edge, expected, answer);
	return (int)answer;
}

/* Is the kernel asked although it seems known what it has done? */
static bool is_sampled(const struct edge *edge)
{
	return edge->space->reasons && edge->space->is_sample &&
	       vmt_look_continues(edge->left, right_of(edge));
}

static bool is_at_edge(struct vmt_range zone, uint64_t addr)
{
	if ((VMT_FAULT == 4 && addr == zone.end) || (VMT_FAULT == 5 && addr == zone.start))
		return false;
	return addr >= zone.start && addr <= zone.end;
}

/* Has the kernel joined the two? Sets learnt. Returns an enum vmt_answer, or VMT_JOIN_UNKNOWN. */
static int answer_of(struct edge *edge, const struct vmt_kernel_ops *kernel, int *learnt)
{
	enum vmt_answer answer = judge(edge);

	edge->is_open = answer == VMT_ANSWER_MAYBE;
	if (answer != VMT_ANSWER_MAYBE && !(kernel && is_sampled(edge)))
		return (int)answer;
	*learnt = kernel ? VMT_LEARNT_ASKED : VMT_LEARNT_GUESSED;
	return kernel ? ask(edge, kernel, answer) : VMT_ANSWER_YES;
}

int vmt_join_edges(struct vmt_space *space, struct vmt_sketch *sketch,
		      const struct vmt_change *change, const struct vmt_kernel_ops *kernel)
{
	struct vmt_range zone = edge_zone(change);
	struct edge edge = { .space = space, .change = change, .sketch = sketch };
	int learnt = VMT_LEARNT_DERIVED;
	size_t kept = 0;

	if (vmt_range_is_empty(zone))
		return learnt;
	for (edge.i = 1; edge.i < sketch->count; edge.i++) {
		struct vmt_look *left = &sketch->map[kept].look;
		int one = VMT_ANSWER_NO;

		edge.left = left;
		if (is_at_edge(zone, right_of(&edge)->start))
			one = answer_of(&edge, kernel, &learnt);
		if (one == VMT_JOIN_UNKNOWN)
			return VMT_JOIN_UNKNOWN;
		edge.is_joined = one == VMT_ANSWER_YES;
		if (!edge.is_joined) {
			sketch->map[++kept] = sketch->map[edge.i];
			continue;
		}
		edge.seam = (struct vmt_seam){ *left, *right_of(&edge), edge.is_open };
		vmt_known_merge(left, right_of(&edge));
	}
	if (sketch->count)
		sketch->count = kept + 1;
	return learnt;
}
