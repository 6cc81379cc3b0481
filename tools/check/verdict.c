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
	return finding->stack ? vmt_stack_blame(finding->stack) : NULL;
}

void vmt_verdict_add(struct vmt_verdict *verdict, const struct vmt_finding *finding, char *message)
{
	verdict->finding =
		vmt_must_grow(verdict->finding, verdict->count, sizeof(*verdict->finding));
	verdict->finding[verdict->count] = *finding;
	if (finding->site && !finding->stack)
		verdict->finding[verdict->count].stack = &finding->site->stack;
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
	vmt_verdict_add(verdict, &finding, message);
}

static const char *plural(int64_t maps)
{
	return maps == 1 || maps == -1 ? "" : "s";
}

/* What was given back only because the program ended counts as kept; the caller frees it. */
static char *given_back_words(const struct vmt_finding *finding)
{
	struct vmt_number number;

	if (finding->given_back <= 0)
		return vmt_must_copy("");
	return vmt_must_format("; %s given back by %s at the end",
			       vmt_lines_number_plain(&number, finding->given_back),
			       finding->program->torn_down_by);
}

/* "+30 maps by mmap in take: 30 instead of 0 in the baseline" */
static char *site_message(const struct vmt_verdict *verdict, const struct vmt_finding *finding)
{
	const struct vmt_stack_frame *place = vmt_verdict_place(finding);
	const char *function = place && place->function ? place->function :
			       place                    ? place->module :
							  "an unknown stack";
	char *origin = vmt_summary_origin(finding->site, function);
	char *given_back = given_back_words(finding);
	int64_t more = finding->maps - finding->base;
	struct vmt_number number[3];
	char *message;

	vmt_lines_number_signed(&number[0], more);
	if (verdict->base)
		message = vmt_must_format(
			"%s map%s by %s%s: %s instead of %s in the baseline%s", number[0].text,
			plural(more), origin, finding->is_forked ? " in a fork child" : "",
			vmt_lines_number_plain(&number[1], finding->maps),
			vmt_lines_number_plain(&number[2], finding->base), given_back);
	else
		message = vmt_must_format(
			"%s map%s by %s, limit %s%s", number[0].text, plural(more), origin,
			vmt_lines_number_plain(&number[1], finding->allowed), given_back);
	free(origin);
	free(given_back);
	return message;
}

static void judge_site(struct vmt_verdict *verdict, const struct vmt_summary_program *program,
		       const struct vmt_summary_site *site, const struct vmt_verdict_more *more)
{
	const struct vmt_limit *limit = &verdict->limit[VMT_RULE_PER_SITE];
	bool is_forked = more->forked > more->maps;
	struct vmt_finding finding = {
		.rule = VMT_RULE_PER_SITE,
		.program = program,
		.site = site,
		.stack = is_forked ? more->forked_stack : more->stack,
		.is_forked = is_forked,
		.maps = is_forked ? more->forked_now : more->now,
		.base = is_forked ? more->forked_base : more->base,
		.given_back = is_forked || !*program->torn_down_by ? 0 : more->given_back,
	};

	finding.site_maps = finding.maps;
	finding.allowed = finding.base + vmt_rules_allowed(limit, more->base) - more->base;
	if (!limit->is_set || finding.maps <= finding.allowed)
		return;
	verdict->sites++;
	verdict->maps += finding.maps - finding.base;
	vmt_verdict_add(verdict, &finding, site_message(verdict, &finding));
}

static void judge_sites(struct vmt_verdict *verdict, const struct vmt_summary_program *program,
			const struct vmt_summary_program *base, bool with_forked)
{
	const struct vmt_summary_site *site;

	for (site = program->sites; site; site = site->hh.next) {
		struct vmt_verdict_more more =
			vmt_verdict_growth_more(verdict, program, base, site);

		more.forked = with_forked ? more.forked : 0;
		if ((more.maps <= 0 && more.forked <= 0) || more.suppressed == VMT_SUPPRESS_ALL)
			continue;
		/* Whoever allows a number of unseen changes has chosen how they are judged. */
		if (!vmt_summary_is_unseen(site) || !verdict->limit[VMT_RULE_UNSEEN].is_set)
			judge_site(verdict, program, site, &more);
	}
}

/* Is it much, and by a call that the program makes itself? Thread stacks and malloc's maps vary. */
static bool is_worth_telling(const struct vmt_verdict *verdict, const struct vmt_finding *finding)
{
	const struct vmt_stack *stack = finding->stack;
	int64_t more = finding->maps - finding->base;

	return more > VMT_VERDICT_CHANCE && more > verdict->forgiven_maps && stack->count &&
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
		verdict->is_forgiven_forked = finding->is_forked;
	}
}

/*
 * If no limit is given, call sites are judged only in a program that grew. Where its fork children did not,
 * what varies in these is not told beside what did.
 */
static void judge_all_sites(struct vmt_verdict *verdict, const struct vmt_summary_program *program,
			    const struct vmt_summary_program *base,
			    const struct vmt_verdict_growth *growth)
{
	bool is_more = vmt_verdict_growth_is_more(program, base, growth);
	bool is_forked_more = vmt_verdict_growth_is_forked_more(program, base, growth);
	size_t before = verdict->count;

	judge_sites(verdict, program, base, !verdict->may_move || is_forked_more || !is_more);
	if (verdict->may_move && !is_more && !is_forked_more)
		forgive_moved(verdict, before);
}

static void judge_program(struct vmt_verdict *verdict, const struct vmt_summary_program *program)
{
	const struct vmt_summary_program *base =
		verdict->base ? vmt_summary_find_program(verdict->base, program->name) : NULL;
	struct vmt_verdict_growth growth;

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
	vmt_verdict_growth_survey(verdict, program, base, &growth);
	judge_all_sites(verdict, program, base, &growth);
	vmt_verdict_growth_judge(verdict, program, base, &growth);
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
