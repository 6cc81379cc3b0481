/* SPDX-License-Identifier: MIT */
/*
 * Finds what call sites have more than in the baseline, apart from what is suppressed, and judges how much a
 * program grew as a whole: its largest process, and its fork children, whose numbers are small beside what
 * their parent holds. See verdict.h.
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

/* The heap is one map and comes with the very first malloc, so it is no growth of a call site. */
static int64_t with_heap(int64_t maps, const struct vmt_summary_site *site)
{
	return maps < 1 && !strcmp(site->call, "brk") ? 1 : maps;
}

/*
 * Can what call sites gained in fork children be compared? Older baselines do not know it, and where call
 * sites have been aligned, these numbers have not.
 */
static bool can_compare_forked(const struct vmt_verdict *verdict,
			       const struct vmt_summary_program *program)
{
	return verdict->base && verdict->base->knows_forked && !program->is_aligned;
}

/* Which of several workers a request falls on is chance: they have a rule of their own. */
static bool has_workers(const struct vmt_verdict *verdict,
			const struct vmt_summary_program *program)
{
	return can_compare_forked(verdict, program) && program->fork_children > 1 &&
	       program->processes > program->fork_children;
}

/* What a call site had in the baseline. */
static void find_bases(const struct vmt_verdict *verdict, const struct vmt_summary_program *program,
		       const struct vmt_summary_program *base, const struct vmt_summary_site *site,
		       struct vmt_verdict_more *more)
{
	const struct vmt_summary_site *old = vmt_summary_find_site(base, site->key);
	bool is_pool = has_workers(verdict, program);

	more->base = with_heap(!old ? 0 : is_pool ? old->unforked : old->maps, site);
	more->forked_base = with_heap(old ? old->forked : 0, site);
}

/* Leave out the parts that are suppressed, which also were in the baseline if that was so. */
static void leave_out(const struct vmt_verdict *verdict, const struct vmt_summary_program *program,
		      const struct vmt_summary_site *site, struct vmt_verdict_more *more)
{
	enum vmt_suppress_process in =
		has_workers(verdict, program) ? VMT_SUPPRESS_IN_OTHERS : VMT_SUPPRESS_IN_ALL;
	bool at_end = site->before_end != 0;
	struct vmt_suppress_left left =
		vmt_suppress_left(verdict->suppressions, program, site, in, at_end);
	struct vmt_suppress_left forked = vmt_suppress_left(verdict->suppressions, program, site,
							    VMT_SUPPRESS_IN_FORKED, false);

	more->now = left.maps;
	more->stack = left.stack;
	more->forked_now = forked.maps;
	more->forked_stack = forked.stack;
	left = vmt_suppress_left(verdict->suppressions, program, site, in, true);
	more->given_back = more->now - left.maps;
}

static void subtract(const struct vmt_verdict *verdict, const struct vmt_summary_program *program,
		     struct vmt_verdict_more *more)
{
	more->maps = more->now - more->base;
	more->forked =
		can_compare_forked(verdict, program) ? more->forked_now - more->forked_base : 0;
}

struct vmt_verdict_more vmt_verdict_growth_more(const struct vmt_verdict *verdict,
						const struct vmt_summary_program *program,
						const struct vmt_summary_program *base,
						const struct vmt_summary_site *site)
{
	const struct vmt_summary_part *likely;
	struct vmt_verdict_more more = {
		.now = has_workers(verdict, program) ? site->unforked : site->maps,
		.stack = &site->stack,
		.forked_now = site->forked,
		.forked_stack = &site->stack,
		.given_back = site->maps - site->at_end,
	};

	find_bases(verdict, program, base, site, &more);
	subtract(verdict, program, &more);
	more.whole = more.maps > more.forked ? more.maps : more.forked;
	if (more.whole <= 0)
		return more;
	more.suppressed = vmt_suppress_extent(verdict->suppressions, site);
	if (more.suppressed == VMT_SUPPRESS_SOME) {
		leave_out(verdict, program, site, &more);
		subtract(verdict, program, &more);
	}
	likely = more.base > 0 ? vmt_summary_likely_part(site, more.maps) : NULL;
	if (likely && more.suppressed == VMT_SUPPRESS_NONE)
		more.stack = &likely->stack;
	return more;
}

/* The heap's first map, as above: it is no growth of the program either. */
static int64_t heap_of(const struct vmt_summary_program *program,
		       const struct vmt_summary_program *base)
{
	const struct vmt_summary_site *site;

	for (site = program->sites; site; site = site->hh.next) {
		const struct vmt_summary_site *old = vmt_summary_find_site(base, site->key);
		int64_t maps = old ? old->maps : 0;

		if (site->maps > 0 && with_heap(maps, site) > maps)
			return 1;
	}
	return 0;
}

/* Of maps that are judged together, those that are suppressed do not count where they are known. */
static void excuse_given_back(const struct vmt_verdict *verdict,
			      const struct vmt_summary_program *program,
			      const struct vmt_summary_site *site,
			      struct vmt_verdict_growth *growth)
{
	const struct vmt_suppressions *suppressions = verdict->suppressions;
	int64_t maps = site->before_end - site->maps;
	enum vmt_suppress_extent extent =
		maps > 0 ? vmt_suppress_extent(suppressions, site) : VMT_SUPPRESS_NONE;

	if (extent == VMT_SUPPRESS_NONE)
		return;
	if (extent == VMT_SUPPRESS_SOME) {
		maps -= vmt_suppress_left(suppressions, program, site, VMT_SUPPRESS_IN_ALL, false)
				.maps;
		maps += vmt_suppress_left(suppressions, program, site, VMT_SUPPRESS_IN_ALL, true)
				.maps;
	}
	growth->given_back += maps > 0 ? maps : 0;
}

static void note_worst(struct vmt_verdict_growth *growth, const struct vmt_summary_site *site,
		       const struct vmt_verdict_more *more)
{
	if (more->maps > growth->worst_maps) {
		growth->worst_maps = more->maps;
		growth->worst = site;
		growth->worst_stack = more->stack;
	}
	if (more->forked > growth->worst_forked_maps) {
		growth->worst_forked_maps = more->forked;
		growth->worst_forked = site;
		growth->worst_forked_stack = more->forked_stack;
	}
}

/* What a process gained that is suppressed, beyond the baseline; gain[count]: at one call site. */
static int64_t excused_at(const struct vmt_verdict *verdict, const struct vmt_summary_gain *gain,
			  size_t count, int64_t base)
{
	int64_t sum = 0, suppressed;

	for (size_t i = 0; i < count; i++)
		sum += gain[i].maps;
	if (sum <= base)
		return 0;
	suppressed = vmt_suppress_sum(verdict->suppressions, gain, count);
	if (suppressed >= sum || suppressed > sum - base)
		return sum - base;
	return suppressed > 0 ? suppressed : 0;
}

static int64_t excused_in(const struct vmt_verdict *verdict,
			  const struct vmt_summary_program *program,
			  const struct vmt_summary_process *process,
			  const struct vmt_summary_program *base)
{
	bool by_forked = process->is_forked && can_compare_forked(verdict, program);
	int64_t excused = 0;
	size_t next;

	for (size_t i = 0; i < process->count; i = next) {
		const struct vmt_summary_site *site = process->gain[i].site;
		struct vmt_verdict_more than;

		for (next = i; next < process->count && process->gain[next].site == site; next++)
			;
		find_bases(verdict, program, base, site, &than);
		excused += excused_at(verdict, &process->gain[i], next - i,
				      by_forked ? than.forked_base : than.base);
	}
	return excused;
}

/* What is suppressed in one process excuses nothing in another. */
static void survey_processes(const struct vmt_verdict *verdict,
			     const struct vmt_summary_program *program,
			     const struct vmt_summary_program *base,
			     struct vmt_verdict_growth *growth)
{
	const struct vmt_summary_process *process = program->process;
	int64_t heap = heap_of(program, base);
	bool is_pool = has_workers(verdict, program);

	growth->most = growth->forked = INT64_MIN;
	growth->forked_least = INT64_MAX;
	for (; process; process = process->next) {
		int64_t gained =
			process->growth - heap - excused_in(verdict, program, process, base);

		if (process->is_forked) {
			growth->forked = gained > growth->forked ? gained : growth->forked;
			growth->forked_least =
				gained < growth->forked_least ? gained : growth->forked_least;
		}
		if (!(process->is_forked && is_pool))
			growth->most = gained > growth->most ? gained : growth->most;
	}
	growth->base = !base ? 0 : is_pool ? base->unforked : base->growth;
}

void vmt_verdict_growth_survey(const struct vmt_verdict *verdict,
			       const struct vmt_summary_program *program,
			       const struct vmt_summary_program *base,
			       struct vmt_verdict_growth *ret_growth)
{
	const struct vmt_summary_site *site;

	*ret_growth = (struct vmt_verdict_growth){ .worst = NULL };
	survey_processes(verdict, program, base, ret_growth);
	for (site = program->sites; site; site = site->hh.next) {
		struct vmt_verdict_more more =
			vmt_verdict_growth_more(verdict, program, base, site);

		vmt_suppress_note(verdict->suppressions, site);
		excuse_given_back(verdict, program, site, ret_growth);
		if (more.suppressed != VMT_SUPPRESS_NONE)
			vmt_suppress_count(verdict->suppressions, site, more.whole);
		if (more.suppressed != VMT_SUPPRESS_ALL)
			note_worst(ret_growth, site, &more);
	}
}

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
				       .stack = growth->worst_forked_stack,
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
				       .stack = growth->worst_stack,
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
		finding.stack = NULL;
		finding.allowed = finding.base + VMT_ALIGN_TEARDOWN;
		by_teardown = has_given_back_more(program, base, growth);
	}
	if ((limit->is_set || by_teardown) && finding.maps > finding.allowed)
		vmt_verdict_add(verdict, &finding, growth_message(&finding, base));
	else if (limit->is_set)
		judge_forked(verdict, program, base, growth, more);
}
