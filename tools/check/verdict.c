/* SPDX-License-Identifier: MIT */
/*
 * Judges a summary. Rules are applied to each program separately. Suppressed call sites count
 * neither individually nor for the growth, but always for --max-maps and --max-peak, which are hard
 * limits. See verdict.h.
 */
#include "check/align.h"
#include "check/verdict.h"
#include "util/lines.h"
#include "util/must.h"

const struct vmt_stack_frame *vmt_verdict_place(const struct vmt_finding *finding)
{
	return finding->site ? vmt_stack_blame(&finding->site->stack) : NULL;
}

int64_t vmt_verdict_given_back(const struct vmt_finding *finding)
{
	const struct vmt_summary_site *site = finding->site;

	return finding->rule == VMT_RULE_PER_SITE && *finding->program->torn_down_by ?
		       site->maps - site->at_end :
		       0;
}

/* Returns the largest value that passes, given the base value. */
static int64_t allowed(const struct vmt_limit *limit, int64_t base)
{
	uint64_t value = limit->value;

	if (limit->is_percent)
		value = base > 0 ? (uint64_t)((__uint128_t)(uint64_t)base * value / 100) : 0;
	return base + (int64_t)value;
}

static void add_finding(struct vmt_verdict *verdict, const struct vmt_finding *finding,
			char *message)
{
	verdict->finding =
		vmt_must_grow(verdict->finding, verdict->count, sizeof(*verdict->finding));
	verdict->finding[verdict->count] = *finding;
	verdict->finding[verdict->count++].message = message;
}

/* Blame the site with most of what the rule counts. */
static void blame_most(struct vmt_finding *finding)
{
	const struct vmt_summary_site *site = finding->program->sites;

	if (finding->rule == VMT_RULE_UNSEEN || finding->rule == VMT_RULE_UNCOMPARED ||
	    finding->rule == VMT_RULE_REQUIRE_BASELINE)
		return;
	for (; site; site = site->hh.next) {
		int64_t maps = finding->rule == VMT_RULE_MAX_PEAK ? site->at_peak : site->maps;

		if (maps <= finding->site_maps)
			continue;
		finding->site = site;
		finding->site_maps = maps;
	}
}

/* Judge a limit on a single number: maps at the end, at any time, or unseen. Not all of them say it. */
static void judge_number(struct vmt_verdict *verdict, enum vmt_rule rule,
			 const struct vmt_summary_program *program, uint64_t maps)
{
	static const char *const words[VMT_RULE_COUNT] = {
		[VMT_RULE_MAX_MAPS] = "%s has %s maps at the end, limit %s",
		[VMT_RULE_MAX_PEAK] = "%s had up to %s maps, limit %s",
		[VMT_RULE_UNSEEN] = "%s: %s maps were changed by calls that were not seen, limit "
				    "%s; the other figures are not reliable",
		[VMT_RULE_UNCOMPARED] =
			"%s: at the end of %s of its processes the maps were not "
			"compared with the kernel's table, or differed (killed, not recorded, or became "
			"a program that is not traced?), limit %s (--allow-uncompared=N)",
		[VMT_RULE_REQUIRE_BASELINE] =
			"%s is not in the baseline, so nothing was compared; save it again with "
			"--save, or exclude the program with --program",
	};
	const struct vmt_limit *limit = &verdict->limit[rule];
	struct vmt_finding finding = { .rule = rule,
				       .program = program,
				       .maps = (int64_t)maps,
				       .allowed = (int64_t)limit->value };
	struct vmt_number number[2];
	char *message = NULL;

	if (!limit->is_set || maps <= limit->value)
		return;
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral" /* these are the formats above */
	if (asprintf(&message, words[rule], program->name, vmt_lines_number(&number[0], maps),
		     vmt_lines_number(&number[1], limit->value)) < 0)
		abort();
#pragma GCC diagnostic pop
	blame_most(&finding);
	add_finding(verdict, &finding, message);
}

/* The heap is one map and comes with the very first malloc, so it is no growth of a call site. */
static int64_t base_of(const struct vmt_summary_program *base, const struct vmt_summary_site *site)
{
	const struct vmt_summary_site *old = vmt_summary_find_site(base, site->key);
	int64_t maps = old ? old->maps : 0;

	return maps < 1 && !strcmp(site->call, "brk") ? 1 : maps;
}

static const char *plural(int64_t maps)
{
	return maps == 1 || maps == -1 ? "" : "s";
}

/* What was given back only because the program ended counts as kept; the caller frees it. */
static char *given_back_words(const struct vmt_finding *finding)
{
	int64_t maps = vmt_verdict_given_back(finding);
	struct vmt_number number;

	if (maps <= 0)
		return vmt_must_copy("");
	return vmt_must_format("; %s given back by %s at the end",
			       vmt_lines_number_plain(&number, maps),
			       finding->program->torn_down_by);
}

static void judge_site(struct vmt_verdict *verdict, const struct vmt_summary_program *program,
		       const struct vmt_summary_site *site, int64_t base)
{
	const struct vmt_limit *limit = &verdict->limit[VMT_RULE_PER_SITE];
	struct vmt_finding finding = {
		.rule = VMT_RULE_PER_SITE,
		.program = program,
		.site = site,
		.maps = site->maps,
		.site_maps = site->maps,
		.base = base,
		.allowed = allowed(limit, base),
	};
	const struct vmt_stack_frame *place = vmt_verdict_place(&finding);
	const char *function = place && place->function ? place->function :
			       place                    ? place->module :
							  "an unknown stack";
	struct vmt_number number[3];
	char *origin, *given_back;

	if (!limit->is_set || site->maps <= finding.allowed)
		return;
	origin = vmt_summary_origin(site, function);
	given_back = given_back_words(&finding);
	verdict->sites++;
	verdict->maps += site->maps - base;
	if (verdict->base)
		add_finding(verdict, &finding,
			    vmt_must_format("%s map%s by %s: %s instead of %s in the baseline%s",
					    vmt_lines_number_signed(&number[0], site->maps - base),
					    plural(site->maps - base), origin,
					    vmt_lines_number_plain(&number[1], site->maps),
					    vmt_lines_number_plain(&number[2], base), given_back));
	else
		add_finding(verdict, &finding,
			    vmt_must_format("%s map%s by %s, limit %s%s",
					    vmt_lines_number_signed(&number[0], site->maps),
					    plural(site->maps), origin,
					    vmt_lines_number_plain(&number[1], finding.allowed),
					    given_back));
	free(origin);
	free(given_back);
}

/* The heap's first map, as above: it is no growth of the program either. */
static int64_t heap_of(const struct vmt_summary_program *program,
		       const struct vmt_summary_program *base)
{
	const struct vmt_summary_site *site;

	for (site = program->sites; site; site = site->hh.next) {
		const struct vmt_summary_site *old = vmt_summary_find_site(base, site->key);

		if (site->maps > 0 && base_of(base, site) > (old ? old->maps : 0))
			return 1;
	}
	return 0;
}

/* What call sites say of a program. */
struct growth {
	int64_t excused; /* maps that do not count */
	int64_t given_back; /* how many of these were given back at the end */
	const struct vmt_summary_site *worst; /* the site that grew most */
};

static bool is_judged_by_teardown(const struct vmt_verdict *verdict,
				  const struct vmt_summary_program *program)
{
	return verdict->base && !verdict->limit[VMT_RULE_MAX_GROWTH].is_set &&
	       program->is_aligned && program->torn_down >= VMT_ALIGN_TEARDOWN;
}

/* Of maps that are judged together, those of suppressed call sites do not count where they are known. */
static void excuse_given_back(const struct vmt_verdict *verdict,
			      const struct vmt_summary_site *site, struct growth *growth)
{
	int64_t maps = site->before_end - site->maps;

	if (maps <= 0 || !vmt_suppress_find(verdict->suppressions, site))
		return;
	growth->excused += maps;
	growth->given_back += maps;
}

static void judge_sites(struct vmt_verdict *verdict, const struct vmt_summary_program *program,
			const struct vmt_summary_program *base, struct growth *ret_growth)
{
	const struct vmt_summary_site *site;
	int64_t most = 0;

	*ret_growth = (struct growth){ .excused = heap_of(program, base) };
	for (site = program->sites; site; site = site->hh.next) {
		int64_t old = base_of(base, site);
		struct vmt_suppression *suppression;

		vmt_suppress_note(verdict->suppressions, site);
		excuse_given_back(verdict, site, ret_growth);
		if (site->maps <= old)
			continue;
		suppression = vmt_suppress_find(verdict->suppressions, site);
		if (suppression) {
			suppression->sites++;
			suppression->maps += site->maps - old;
			ret_growth->excused += site->maps - old;
			continue;
		}
		if (site->maps - old > most) {
			most = site->maps - old;
			ret_growth->worst = site;
		}
		/* Whoever allows a number of unseen changes has chosen how they are judged. */
		if (!vmt_summary_is_unseen(site) || !verdict->limit[VMT_RULE_UNSEEN].is_set)
			judge_site(verdict, program, site, old);
	}
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
				  plural(finding->maps), before, was,
				  vmt_lines_number_plain(&number[1], finding->allowed));
	free(before);
	free(was);
	return message;
}

/* Was more given back than in the baseline, apart from what call sites are judged for? */
static bool has_given_back_more(const struct vmt_summary_program *program,
				const struct vmt_summary_program *base, const struct growth *growth)
{
	return (int64_t)program->torn_down - program->torn_down_named - growth->given_back >
	       (int64_t)base->torn_down + VMT_ALIGN_TEARDOWN;
}

static void judge_growth(struct vmt_verdict *verdict, const struct vmt_summary_program *program,
			 const struct vmt_summary_program *base, const struct growth *by_sites)
{
	const struct vmt_summary_site *worst = by_sites->worst;
	const struct vmt_limit *limit = &verdict->limit[VMT_RULE_MAX_GROWTH];
	bool by_teardown = is_judged_by_teardown(verdict, program);
	int64_t growth = program->growth - by_sites->excused;
	struct vmt_finding finding = {
		.rule = VMT_RULE_MAX_GROWTH, .program = program, .site = worst, .maps = growth
	};
	int64_t worst_base = worst ? base_of(base, worst) : 0;
	/*
	 * A percentage of growth refers to the baseline's growth, or without one to the maps at the
	 * start.
	 */
	int64_t whole = base ? base->growth :
			       (int64_t)(program->maps + program->torn_down) - program->growth;

	finding.site_maps = worst ? worst->maps - worst_base : 0;
	finding.base = base ? base->growth : 0;
	finding.allowed = finding.base + allowed(limit, whole) - whole;
	if (by_teardown) {
		finding.site = NULL;
		finding.allowed = finding.base + VMT_ALIGN_TEARDOWN;
		by_teardown = has_given_back_more(program, base, by_sites);
	}
	if ((limit->is_set || by_teardown) && growth > finding.allowed)
		add_finding(verdict, &finding, growth_message(&finding, base));
}

/*
 * The kernel's random addresses decide which maps become neighbours. With fewer merges, the same
 * calls leave a few maps more; the number of merges tells this from growth. In real programs it is
 * one or two maps.
 */
#define CHANCE_MAX 4

static int64_t by_chance(const struct vmt_summary_program *program,
			 const struct vmt_summary_program *base)
{
	int64_t fewer = base && base->merged >= 0 && program->merged >= 0 ?
				base->merged - program->merged :
				0;

	return fewer < 0 ? 0 : fewer < CHANCE_MAX ? fewer : CHANCE_MAX;
}

/* Is it much, and by a call that the program makes itself? Thread stacks and malloc's maps vary. */
static bool is_worth_telling(const struct vmt_verdict *verdict, const struct vmt_finding *finding)
{
	const struct vmt_stack *stack = &finding->site->stack;
	int64_t more = finding->maps - finding->base;

	return more > CHANCE_MAX && more > verdict->forgiven_maps && stack->count &&
	       !stack->frame[0].is_runtime && !vmt_stack_is_thread(stack);
}

/*
 * Which of two call sites holds a map can be chance; if one gained what the other lost, nothing has
 * grown. The one that gained most is told.
 */
static void forgive_moved(struct vmt_verdict *verdict, size_t before)
{
	while (verdict->count > before) {
		const struct vmt_finding *finding = &verdict->finding[--verdict->count];

		verdict->sites--;
		verdict->maps -= finding->maps - finding->base;
		if (!is_worth_telling(verdict, finding)) {
			free(finding->message);
			continue;
		}
		free(verdict->forgiven);
		verdict->forgiven = finding->message;
		verdict->forgiven_maps = finding->maps - finding->base;
		verdict->forgiven_of = finding->program;
	}
}

/* Does the program hold more maps in all, or a fork child of it, whose number is small beside its own? */
static bool has_grown(const struct vmt_summary_program *program,
		      const struct vmt_summary_program *base, int64_t excused)
{
	if (program->growth - excused > (base ? base->growth : 0) + by_chance(program, base))
		return true;
	return program->has_forked && base && base->has_forked &&
	       program->forked - excused > base->forked + VMT_ALIGN_TEARDOWN;
}

static void judge_program(struct vmt_verdict *verdict, const struct vmt_summary_program *program)
{
	const struct vmt_summary_program *base =
		verdict->base ? vmt_summary_find_program(verdict->base, program->name) : NULL;
	struct growth growth;
	size_t before;

	judge_number(verdict, VMT_RULE_MAX_PEAK, program, program->peak);
	judge_number(verdict, VMT_RULE_UNCOMPARED, program, program->uncompared);
	if (!program->processes)
		return;
	judge_number(verdict, VMT_RULE_MAX_MAPS, program, program->maps);
	judge_number(verdict, VMT_RULE_UNSEEN, program, program->unseen);
	judge_number(verdict, VMT_RULE_REQUIRE_BASELINE, program, verdict->base && !base);
	/* A program that is not in the baseline has no growth. */
	if (verdict->base && !base)
		return;
	before = verdict->count;
	judge_sites(verdict, program, base, &growth);
	if (verdict->may_move && !has_grown(program, base, growth.excused))
		forgive_moved(verdict, before);
	judge_growth(verdict, program, base, &growth);
}

/* The largest excess comes first. */
static int by_weight(const void *a, const void *b)
{
	const struct vmt_finding *one = a;
	const struct vmt_finding *two = b;
	int64_t grown = (two->maps - two->base) - (one->maps - one->base);

	if (one->rule != two->rule)
		return one->rule < two->rule ? -1 : 1;
	if (grown)
		return grown < 0 ? -1 : 1;
	return one->site && two->site ? strcmp(one->site->key, two->site->key) : 0;
}

void vmt_verdict_judge(struct vmt_verdict *verdict)
{
	const struct vmt_summary_program *program;

	for (program = verdict->summary->programs; program; program = program->hh.next)
		judge_program(verdict, program);
	if (verdict->count)
		qsort(verdict->finding, verdict->count, sizeof(*verdict->finding), by_weight);
}

void vmt_verdict_free(struct vmt_verdict *verdict)
{
	for (size_t i = 0; i < verdict->count; i++)
		free(verdict->finding[i].message);
	free(verdict->finding);
	free(verdict->forgiven);
	verdict->forgiven = NULL;
	verdict->finding = NULL;
	verdict->count = 0;
}

/* Sites that held maps only at the peak do not count. */
static uint64_t count_sites(const struct vmt_summary_program *program)
{
	const struct vmt_summary_site *site;
	uint64_t n = 0;

	for (site = program->sites; site; site = site->hh.next)
		n += site->maps != 0;
	return n;
}

char *vmt_verdict_summary(const struct vmt_verdict *verdict)
{
	const struct vmt_summary_program *program;
	struct vmt_number number;
	uint64_t sites = 0;

	for (program = verdict->summary->programs; program; program = program->hh.next)
		sites += count_sites(program);
	if (!verdict->count)
		return vmt_must_format("vmatrace: check passed: %s call site%s in %u program%s",
				       vmt_lines_number(&number, sites), sites == 1 ? "" : "s",
				       HASH_COUNT(verdict->summary->programs),
				       HASH_COUNT(verdict->summary->programs) == 1 ? "" : "s");
	if (!verdict->sites && verdict->count > 1)
		return vmt_must_format("vmatrace: check failed: %s (and %zu more)",
				       verdict->finding[0].message, verdict->count - 1);
	if (!verdict->sites)
		return vmt_must_format("vmatrace: check failed: %s", verdict->finding[0].message);
	return vmt_must_format("vmatrace: check failed: %s map%s at %zu call site%s",
			       vmt_lines_number_signed(&number, verdict->maps),
			       verdict->maps == 1 ? "" : "s", verdict->sites,
			       verdict->sites == 1 ? "" : "s");
}
