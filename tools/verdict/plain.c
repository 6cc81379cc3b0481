/* SPDX-License-Identifier: MIT */
/*
 * A verdict for people: only a SUMMARY line if everything passed; otherwise each finding with its
 * stack, with the user's own line first. 80 columns.
 */
#include "verdict/backtrace.h"
#include "verdict/gone.h"
#include "verdict/other_lines.h"
#include "check/verdict.h"
#include "core/base/fmt.h"
#include "util/lines.h"
#include "util/must.h"

#define DEPTH 8u
#define LINES 10u /* suppressions printed; a file of them has all */

/* Names stand below one another whatever their number. */
static void put_stack_line(void *fmt, const char *line)
{
	size_t number = *line == '#' && line[2] == ' ' ? 2 : 0;

	vmt_fmt_str(fmt, "    ");
	vmt_fmt_bytes(fmt, line, number);
	vmt_fmt_str(fmt, number ? " " : "");
	vmt_fmt_str(fmt, line + number);
	vmt_fmt_end(fmt);
}

/* A negative number: the phase gave back more than it took. */
static void put_number(struct vmt_fmt *fmt, int64_t number)
{
	if (number < 0)
		vmt_fmt_signed(fmt, number, 0);
	else
		vmt_fmt_num(fmt, (uint64_t)number, 0);
}

/* Otherwise it would look like memory that nobody ever gives back. */
static void put_given_back(struct vmt_fmt *fmt, const struct vmt_finding *finding)
{
	int64_t given_back = finding->given_back;

	if (given_back <= 0)
		return;
	vmt_fmt_str(fmt, "    ");
	vmt_fmt_str(fmt, finding->program->torn_down_by);
	vmt_fmt_str(fmt, " gave back ");
	vmt_fmt_num(fmt, (uint64_t)given_back, 0);
	vmt_fmt_str(fmt, " at the end: up to there they were kept");
	vmt_fmt_end(fmt);
}

static void put_other_lines(struct vmt_fmt *fmt, const struct vmt_finding *finding)
{
	const struct vmt_summary_part *part = vmt_other_lines_next(finding, NULL);

	for (; part; part = vmt_other_lines_next(finding, part)) {
		char *words = vmt_other_lines_words(part);

		vmt_fmt_str(fmt, "    ");
		vmt_fmt_str(fmt, words);
		vmt_fmt_str(fmt, ": ");
		vmt_fmt_str(fmt, vmt_other_lines_unknown(finding));
		vmt_fmt_end(fmt);
		free(words);
	}
}

static bool is_same_text(const char *a, const char *b)
{
	return a && b ? !strcmp(a, b) : a == b;
}

/* Does a finding of another module read like this one, as of plug-ins that were built from one source? */
static bool has_alike(const struct vmt_verdict *verdict, const struct vmt_stack_frame *place)
{
	for (size_t i = 0; i < verdict->count; i++) {
		const struct vmt_stack_frame *other = vmt_verdict_place(&verdict->finding[i]);

		if (other && is_same_text(other->function, place->function) &&
		    is_same_text(other->file, place->file) && other->line == place->line &&
		    strcmp(other->module, place->module))
			return true;
	}
	return false;
}

static void put_site(struct vmt_fmt *fmt, const struct vmt_verdict *verdict,
		     const struct vmt_finding *finding)
{
	const struct vmt_stack_frame *place = vmt_verdict_place(finding);
	char *origin;
	char *where;

	vmt_fmt_str(fmt, "  ");
	vmt_fmt_signed(fmt, finding->maps - finding->base, 0);
	vmt_fmt_str(fmt, " by ");
	where = place ? vmt_stack_where(place) : vmt_must_copy("an unknown stack");
	origin = vmt_summary_origin(finding->site, where);
	vmt_fmt_str(fmt, origin);
	free(origin);
	free(where);
	if (place && has_alike(verdict, place)) {
		vmt_fmt_str(fmt, " of ");
		vmt_fmt_str(fmt, place->module);
	}
	if (verdict->base) {
		vmt_fmt_str(fmt, "  (");
		put_number(fmt, finding->maps);
		vmt_fmt_str(fmt, finding->is_forked ? " in a fork child" : "");
		vmt_fmt_str(fmt, ", in the baseline ");
		put_number(fmt, finding->base);
		vmt_fmt_str(fmt, ")");
	}
	vmt_fmt_end(fmt);
	put_other_lines(fmt, finding);
	put_given_back(fmt, finding);
	vmt_backtrace_put(finding->stack, DEPTH, put_stack_line, fmt);
}

static void put_gone(struct vmt_fmt *fmt, const struct vmt_verdict *verdict,
		     const struct vmt_finding *finding)
{
	char *note = vmt_gone_note(verdict, finding);

	if (note) {
		vmt_fmt_str(fmt, "  note: ");
		vmt_fmt_str(fmt, note);
		vmt_fmt_wrap(fmt, 4);
	}
	free(note);
}

/* One heading for all call sites of a program. */
static void put_sites_head(struct vmt_fmt *fmt, const struct vmt_verdict *verdict, size_t index)
{
	const struct vmt_summary_program *program = verdict->finding[index].program;
	uint64_t sites = 0;
	int64_t maps = 0;

	for (size_t i = 0; i < verdict->count; i++) {
		const struct vmt_finding *finding = &verdict->finding[i];

		if (finding->rule != VMT_RULE_PER_SITE || finding->program != program)
			continue;
		/* The heading was written with the first of them. */
		if (i < index)
			return;
		sites++;
		maps += finding->maps - finding->base;
	}
	vmt_fmt_str(fmt, "ERROR: vmatrace: ");
	vmt_fmt_count(fmt, (uint64_t)maps, "map");
	vmt_fmt_str(fmt, verdict->base ? " more than the baseline at " : " at ");
	vmt_fmt_count(fmt, sites, "call site");
	vmt_fmt_str(fmt, " of ");
	vmt_fmt_str(fmt, program->name);
	vmt_fmt_wrap(fmt, 4);
}

static bool has_sites(const struct vmt_verdict *verdict, const struct vmt_summary_program *program)
{
	for (size_t i = 0; i < verdict->count; i++) {
		if (verdict->finding[i].rule == VMT_RULE_PER_SITE &&
		    verdict->finding[i].program == program)
			return true;
	}
	return false;
}

static void put_most(struct vmt_fmt *fmt, const struct vmt_finding *finding)
{
	vmt_fmt_str(fmt, "  ");
	vmt_fmt_num(fmt, (uint64_t)finding->site_maps, 0);
	vmt_fmt_str(fmt, " of them by ");
	if (vmt_summary_is_unseen(finding->site)) {
		vmt_fmt_str(fmt, "calls that were not seen");
	} else {
		vmt_fmt_str(fmt, finding->site->call);
		vmt_fmt_str(fmt, finding->stack->count ? " here, more than any other call site:" :
							 " in an unknown stack");
	}
	vmt_fmt_end(fmt);
	vmt_backtrace_put(finding->stack, DEPTH, put_stack_line, fmt);
}

static void put_finding(FILE *stream, const struct vmt_verdict *verdict, size_t index)
{
	const struct vmt_finding *finding = &verdict->finding[index];
	struct vmt_fmt fmt;

	vmt_fmt_init(&fmt, vmt_lines_emit, stream, finding->program->pid);
	if (finding->rule == VMT_RULE_PER_SITE) {
		put_sites_head(&fmt, verdict, index);
		put_site(&fmt, verdict, finding);
		put_gone(&fmt, verdict, finding);
		return;
	}
	vmt_fmt_str(&fmt, "ERROR: vmatrace: ");
	vmt_fmt_str(&fmt, finding->message);
	vmt_fmt_wrap(&fmt, 4);
	/* The sites that grew are listed individually if they broke limits of their own. */
	if (finding->site &&
	    !(finding->rule == VMT_RULE_MAX_GROWTH && has_sites(verdict, finding->program)))
		put_most(&fmt, finding);
}

/*
 * The lines that make this very check pass, and what else they would hide. There are none for a
 * stripped program, whose name would be the only one to match.
 */
static void put_lines(FILE *stream, const struct vmt_proposals *proposals)
{
	struct vmt_lines warning = { .width = VMT_FMT_WIDTH };

	for (size_t i = 0; i < proposals->count && i < LINES; i++) {
		const struct vmt_proposal *item = &proposals->item[i];

		fprintf(stream, "  %s\n", item->line);
		if (item->warning)
			vmt_lines_add(&warning, 4, "    (%s)", item->warning);
		for (size_t k = 0; k < warning.count; k++)
			fprintf(stream, "%s\n", warning.line[k]);
		vmt_lines_cut(&warning, 0);
	}
	vmt_lines_free(&warning);
	if (proposals->count > LINES)
		fprintf(stream, "  and %zu more\n", proposals->count - LINES);
}

/* Call sites without names are not to be told apart by a pattern: the lines do not cover them. */
static void put_uncovered(FILE *stream, const struct vmt_verdict *verdict)
{
	size_t count = 0;

	for (size_t i = 0; i < verdict->count; i++)
		count += vmt_suppress_lacks_line(&verdict->finding[i]);
	if (count)
		fprintf(stream,
			"%zu call site%s without names ha%s no suppression; allow for %s with "
			"--per-site=N.\n",
			count, count == 1 ? "" : "s", count == 1 ? "s" : "ve",
			count == 1 ? "it" : "them");
}

/* What goes before an option: under a wrapper, options come from a variable. */
static const char *variable_of(const struct vmt_verdict *verdict)
{
	return verdict->save_with ? "VMATRACE_CHECK=" : "";
}

static void put_suppressing(FILE *stream, const struct vmt_verdict *verdict)
{
	struct vmt_proposals proposals;

	vmt_suppress_propose(&proposals, verdict);
	if (proposals.count) {
		fprintf(stream,
			", or\nsuppress them with %s--suppressions=FILE, a file with these lines\n"
			"(--generate-suppressions=FILE writes it):\n",
			variable_of(verdict));
		put_lines(stream, &proposals);
	} else {
		fputs(".\n", stream);
	}
	put_uncovered(stream, verdict);
	vmt_suppress_forget(&proposals);
}

/* A limit on what suppressed call sites do not count for; the first that was broken, or NULL. */
static const struct vmt_finding *find_suppressible(const struct vmt_verdict *verdict)
{
	const struct vmt_finding *found = NULL;

	for (size_t i = 0; i < verdict->count; i++) {
		const struct vmt_finding *finding = &verdict->finding[i];

		if (!vmt_suppress_is_possible(finding))
			continue;
		if (!found || finding->rule == VMT_RULE_PER_SITE)
			found = finding;
	}
	return found;
}

/*
 * What to do other than fixing the program, in full: the reader may never have heard of vmatrace.
 */
static void put_ways_out(FILE *stream, const struct vmt_verdict *verdict)
{
	const struct vmt_finding *finding = find_suppressible(verdict);

	if (!finding)
		return;
	fputs("If these maps are intended, ", stream);
	if (verdict->baseline && finding->rule == VMT_RULE_PER_SITE)
		fprintf(stream, "save a new baseline with %s%s",
			verdict->save_with ? "" : "--save=",
			verdict->save_with ? verdict->save_with : verdict->baseline);
	else
		fprintf(stream, "allow more with --%s", vmt_rules_name(finding->rule));
	put_suppressing(stream, verdict);
	if (verdict->may_move && finding->program->has_threads)
		fprintf(stream,
			"If their number varies from run to run, since there are threads, allow "
			"two for\neach, such as %s--per-site=16 for eight, or judge one phase "
			"with\n--from=MARK --to=MARK.\n",
			variable_of(verdict));
	else if (verdict->may_move)
		fprintf(stream,
			"If their number varies from run to run (malloc arenas, a JIT), allow for "
			"that\nwith %s--per-site=N, or judge one phase with --from=MARK "
			"--to=MARK.\n",
			variable_of(verdict));
}

static void put_suppressions(FILE *stream, const struct vmt_suppressions *suppressions)
{
	bool has_head = false;

	for (size_t i = 0; i < suppressions->count; i++) {
		const struct vmt_suppression *item = &suppressions->item[i];

		if (!item->sites)
			continue;
		if (!has_head)
			fprintf(stream, "Suppressions used:\n   sites      maps  suppression\n");
		has_head = true;
		fprintf(stream, "%8llu  %8lld  %s:%s\n", (unsigned long long)item->sites,
			(long long)item->maps, vmt_suppress_type_name(item->type), item->pattern);
	}
}

void vmt_plain_write(FILE *stream, const struct vmt_verdict *verdict)
{
	char *summary = vmt_verdict_summary(verdict);

	for (size_t i = 0; i < verdict->count; i++)
		put_finding(stream, verdict, i);
	put_ways_out(stream, verdict);
	put_suppressions(stream, verdict->suppressions);
	fprintf(stream, "SUMMARY: %s\n", summary);
	free(summary);
}
