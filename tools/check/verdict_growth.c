/* SPDX-License-Identifier: MIT */
/*
 * Judges how much a program grew as a whole: its largest process, and its fork children, whose numbers are
 * small beside what their parent holds. See verdict.h.
 */
#include "check/align.h"
#include "check/verdict.h"
#include "util/lines.h"
#include "util/must.h"

/*
 * Requests fall now on one worker and now on another. Only what each of so many gained is no chance, if it
 * is more than any of the baseline did.
 */
#define CHILDREN_FEWEST 4

/*
 * The kernel's random addresses decide which maps become neighbours. With fewer merges, the same
 * calls leave a few maps more; the number of merges tells this from growth. In real programs it is
 * one or two maps.
 */
static int64_t by_chance(const struct vmt_summary_program *program,
			 const struct vmt_summary_program *base)
{
	int64_t fewer = base && base->merged >= 0 && program->merged >= 0 ?
				base->merged - program->merged :
				0;

	return fewer < 0 ? 0 : fewer < VMT_VERDICT_CHANCE ? fewer : VMT_VERDICT_CHANCE;
}

/* What fork children have too much; see find_forked(). */
struct forked {
	int64_t maps;
	int64_t allowed;
	bool is_each; /* each of them has so many, otherwise one of them */
};

/* Did fork children grow by over limit more than in the baseline, and by more than they vary? */
static bool find_forked(const struct vmt_summary_program *program,
			const struct vmt_summary_program *base,
			const struct vmt_verdict_growth *growth, int64_t limit,
			struct forked *ret_forked)
{
	int64_t each = limit > VMT_VERDICT_CHANCE ? limit : VMT_VERDICT_CHANCE;
	int64_t one = limit > VMT_ALIGN_TEARDOWN ? limit : VMT_ALIGN_TEARDOWN;

	if (!program->fork_children || !base || !base->has_forked)
		return false;
	*ret_forked = (struct forked){ growth->forked, base->forked + one, false };
	if (growth->forked > ret_forked->allowed)
		return true;
	*ret_forked = (struct forked){ growth->forked_least, base->forked + each, true };
	return program->fork_children >= CHILDREN_FEWEST &&
	       growth->forked_least > ret_forked->allowed;
}

bool vmt_verdict_growth_is_more(const struct vmt_summary_program *program,
				const struct vmt_summary_program *base,
				const struct vmt_verdict_growth *growth)
{
	return growth->most > growth->base + by_chance(program, base);
}

bool vmt_verdict_growth_is_forked_more(const struct vmt_summary_program *program,
				       const struct vmt_summary_program *base,
				       const struct vmt_verdict_growth *growth)
{
	struct forked forked;

	return find_forked(program, base, growth, 0, &forked);
}

static bool is_judged_by_teardown(const struct vmt_verdict *verdict,
				  const struct vmt_summary_program *program)
{
	return verdict->base && !verdict->limit[VMT_RULE_MAX_GROWTH].is_set &&
	       program->is_aligned && program->torn_down >= VMT_ALIGN_TEARDOWN;
}

/* What a program gives back only because it ends it would have kept if it ran on. */
static char *growth_message(const struct vmt_finding *finding,
			    const struct vmt_summary_program *base)
{
	const struct vmt_summary_program *program = finding->program;
	char *before = vmt_must_copy("");
	char *was = vmt_must_copy("");
	struct vmt_number number[2];
	char *message;

	if (program->torn_down) {
		free(before);
		before =
			vmt_must_format(" before %s gave back %s at the end", program->torn_down_by,
					vmt_lines_number(&number[0], program->torn_down));
	}
	if (base) {
		free(was);
		was = vmt_must_format(", by %s in the baseline",
				      vmt_lines_number_plain(&number[0], finding->base));
	}
	message = vmt_must_format("%s grew by %s map%s%s%s, limit %s", program->name,
				  vmt_lines_number_plain(&number[0], finding->maps),
				  finding->maps == 1 || finding->maps == -1 ? "" : "s", before, was,
				  vmt_lines_number_plain(&number[1], finding->allowed));
	free(before);
	free(was);
	return message;
}

static char *forked_message(const struct vmt_finding *finding, bool is_each)
{
	struct vmt_number number[4];

	vmt_lines_number_plain(&number[0], finding->maps);
	vmt_lines_number_plain(&number[1], finding->base);
	vmt_lines_number_plain(&number[2], finding->allowed);
	if (!is_each)
		return vmt_must_format("a fork child of %s grew by %s maps, by %s in the baseline, "
				       "limit %s",
				       finding->program->name, number[0].text, number[1].text,
				       number[2].text);
	return vmt_must_format("each of the %s fork children of %s grew by %s maps or more, by at "
			       "most %s in the baseline, limit %s",
			       vmt_lines_number(&number[3], finding->program->fork_children),
			       finding->program->name, number[0].text, number[1].text,
			       number[2].text);
}

/* Was more given back than in the baseline, apart from what call sites are judged for? */
static bool has_given_back_more(const struct vmt_summary_program *program,
				const struct vmt_summary_program *base,
				const struct vmt_verdict_growth *growth)
{
	return (int64_t)program->torn_down - program->torn_down_named - growth->given_back >
	       (int64_t)base->torn_down + VMT_ALIGN_TEARDOWN;
}

/* What the program has more than in the baseline hides nothing that its fork children have more. */
static void judge_forked(struct vmt_verdict *verdict, const struct vmt_summary_program *program,
			 const struct vmt_summary_program *base,
			 const struct vmt_verdict_growth *growth, int64_t limit)
{
	struct vmt_finding finding = { .rule = VMT_RULE_MAX_GROWTH,
				       .program = program,
				       .site = growth->worst_forked,
				       .is_forked = true };
	struct forked forked;

	if (!find_forked(program, base, growth, limit, &forked))
		return;
	finding.maps = forked.maps;
	finding.base = base->forked;
	finding.allowed = forked.allowed;
	finding.site_maps =
		growth->worst_forked_maps < forked.maps ? growth->worst_forked_maps : forked.maps;
	vmt_verdict_add(verdict, &finding, forked_message(&finding, forked.is_each));
}

void vmt_verdict_growth_judge(struct vmt_verdict *verdict,
			      const struct vmt_summary_program *program,
			      const struct vmt_summary_program *base,
			      const struct vmt_verdict_growth *growth)
{
	const struct vmt_limit *limit = &verdict->limit[VMT_RULE_MAX_GROWTH];
	bool by_teardown = is_judged_by_teardown(verdict, program);
	struct vmt_finding finding = { .rule = VMT_RULE_MAX_GROWTH,
				       .program = program,
				       .site = growth->worst,
				       .site_maps = growth->worst_maps,
				       .maps = growth->most,
				       .base = growth->base };
	/*
	 * A percentage of growth refers to the baseline's growth, or without one to the maps at the
	 * start.
	 */
	int64_t whole = base ? growth->base :
			       (int64_t)(program->maps + program->torn_down) - program->growth;
	int64_t more = vmt_rules_allowed(limit, whole) - whole;

	finding.allowed = finding.base + more;
	if (by_teardown) {
		finding.site = NULL;
		finding.allowed = finding.base + VMT_ALIGN_TEARDOWN;
		by_teardown = has_given_back_more(program, base, growth);
	}
	if ((limit->is_set || by_teardown) && finding.maps > finding.allowed)
		vmt_verdict_add(verdict, &finding, growth_message(&finding, base));
	else if (limit->is_set)
		judge_forked(verdict, program, base, growth, more);
}
