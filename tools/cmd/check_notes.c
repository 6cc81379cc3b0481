/* SPDX-License-Identifier: MIT */
/*
 * The reader of a verdict must know when it does not cover everything: the program failed by
 * itself, suppressions are out of date, or something was not compared. Changes no status. Used by
 * the command check.
 */
#include "check/align.h"
#include "check/returned.h"
#include "cmd/check_notes.h"
#include "core/report/report.h"
#include "diff/nameless.h"
#include "util/lines.h"
#include "util/message.h"

#include <stdlib.h>
#include <string.h>

void vmt_check_tell_ending(const struct vmt_check *check, const struct vmt_launch *launch)
{
	if (launch->signal)
		vmt_message("%s was killed by signal %d (%s); what follows describes its maps "
			    "until then.",
			    check->command[0], launch->signal, strsignal(launch->signal));
	else if (launch->status && check->is_exitcode_first)
		vmt_message("%s ended with status %d, and so does this check if it passes.",
			    check->command[0], launch->status);
	else if (launch->status)
		vmt_message("%s ended with status %d, and so does this check, whatever its "
			    "verdict.",
			    check->command[0], launch->status);
	if (launch->status && check->save)
		vmt_message("the baseline %s comes from that run; save it again if it was not "
			    "meant to "
			    "fail.",
			    check->save);
}

/* Whether a worker of a pool that is terminated has ended before is chance. */
static void tell_killed(const struct vmt_summary_program *program)
{
	if (*program->uncompared_who)
		vmt_message(
			"%s: %s; if these are workers that are meant to be killed, their number may vary "
			"from run to run: allow as many as there are workers, or let them end by "
			"themselves (python: pool.close(), pool.join()).",
			program->name, program->uncompared_who);
}

/* A baseline takes call sites without names for one another. Returns whether there are some. */
static bool warn_of_nameless(const struct vmt_summary_program *program)
{
	struct vmt_nameless lacking;

	if (!vmt_nameless_find(program, &lacking))
		return false;
	vmt_message("%s: %llu frames of %s have no name (stripped, or built "
		    "again since it ran), and a baseline compares names; keep the symbols, "
		    "or say where they are with --symbols=DIR.",
		    program->name, (unsigned long long)lacking.frames, lacking.module);
	return true;
}

/* Returns the function of generated code that the part is named after: a baseline does not have it. Or NULL. */
static const char *generated_name(const struct vmt_summary_part *part)
{
	const struct vmt_stack_frame *frame = vmt_stack_blame(&part->stack);

	return part->maps > 0 && frame && frame->is_script && !frame->is_user ? frame->function :
										NULL;
}

/* Find such a function, and another one at its call site: two, if any call site has two. */
static void find_generated(const struct vmt_summary_program *program, const char *ret_names[2])
{
	for (const struct vmt_summary_site *site = program->sites; site; site = site->hh.next) {
		const char *first = NULL;

		for (const struct vmt_summary_part *part = site->part; part; part = part->next) {
			const char *name = generated_name(part);

			if (name && !first)
				first = name;
			if (!name || ret_names[1] || (ret_names[0] && !strcmp(name, first)))
				continue;
			ret_names[1] = strcmp(name, first) ? name : NULL;
			ret_names[0] = first;
		}
	}
}

/* Maps that move from one such function to another change nothing that a baseline compares. */
static void tell_generated(const struct vmt_summary_program *program)
{
	const char *names[2] = { NULL, NULL };

	find_generated(program, names);
	if (names[0])
		vmt_message("%s: a baseline does not tell functions of generated code, such as "
			    "%s%s%s, apart: maps that one has less and another more go unnoticed. "
			    "With --lines, also at the check, each is compared by itself.",
			    program->name, names[0], names[1] ? " and " : "",
			    names[1] ? names[1] : "");
}

void vmt_check_tell_saved(const struct vmt_check *check, const struct vmt_summary *summary)
{
	const struct vmt_summary_program *program;

	for (program = summary->programs; program && !check->baseline; program = program->hh.next)
		warn_of_nameless(program);
	for (program = summary->programs; program && !summary->with_lines;
	     program = program->hh.next)
		tell_generated(program);
	if (check->limit[VMT_RULE_PER_SITE].is_set)
		return;
	for (program = summary->programs; program; program = program->hh.next) {
		if (!program->uncompared || check->has_limits)
			continue;
		vmt_message("%s: the end of %llu of its processes was not compared with the "
			    "kernel's table; %s may know too few of its maps, and a check "
			    "of the same needs --allow-uncompared=%llu.",
			    program->name, (unsigned long long)program->uncompared, check->save,
			    (unsigned long long)program->uncompared);
		tell_killed(program);
	}
	for (program = summary->programs; program; program = program->hh.next) {
		if (!program->has_threads)
			continue;
		vmt_message("%s has threads: how many maps their stacks and malloc's arenas take "
			    "varies from run to run, so compare it with %s with a tolerance of two "
			    "maps for each thread, such as --per-site=16 for eight.",
			    program->name, check->save);
		return;
	}
}

void vmt_check_tell_twins(const struct vmt_summary *summary)
{
	const struct vmt_summary_program *program;

	for (program = summary->programs; program; program = program->hh.next) {
		if (program->other_exe)
			vmt_message("%s and %s are both called %s and are judged as one program: "
				    "of each call site the larger value counts, so that growth of "
				    "one can hide behind the other. Check each by itself, with a "
				    "baseline of its own (--program=%s), or give them different "
				    "names.",
				    program->exe, program->other_exe, program->name,
				    program->other_exe);
	}
}

static void warn_of_suppressions(const struct vmt_suppressions *suppressions)
{
	for (size_t i = 0; i < suppressions->count; i++) {
		const struct vmt_suppression *item = &suppressions->item[i];

		if (!item->is_known && item->source)
			vmt_message("%s:%u: %s:%s matched nothing; remove the line if this is "
				    "always so.",
				    item->source, item->line, vmt_suppress_type_name(item->type),
				    item->pattern);
	}
}

static bool has_finding(const struct vmt_verdict *verdict,
			const struct vmt_summary_program *program)
{
	for (size_t i = 0; i < verdict->count; i++) {
		if (verdict->finding[i].program == program)
			return true;
	}
	return false;
}

/* A limit that the check did not ask about, and that is reached all the same. */
static void warn_of_limit(const struct vmt_summary_program *program)
{
	struct vmt_number limit, peak;

	vmt_lines_number(&limit, program->limit);
	vmt_lines_number(&peak, program->peak);
	if (program->has_reached_limit)
		vmt_message("%s reached vm.max_map_count (%s) with %s maps, and calls that "
			    "needed one more failed.",
			    program->name, limit.text, peak.text);
	else if (program->limit && program->peak >= program->limit / 100 * VMT_REPORT_NEAR_PERCENT)
		vmt_message("%s had up to %s maps, %llu %% of vm.max_map_count (%s).",
			    program->name, peak.text,
			    (unsigned long long)(program->peak * 100 / program->limit), limit.text);
}

static bool has_finding_at_site(const struct vmt_verdict *verdict,
				const struct vmt_summary_program *program)
{
	for (size_t i = 0; i < verdict->count; i++) {
		if (verdict->finding[i].program == program && verdict->finding[i].site)
			return true;
	}
	return false;
}

/* A finding needs lines, too. */
static void warn_of_names(const struct vmt_verdict *verdict,
			  const struct vmt_summary_program *program)
{
	if (verdict->base && warn_of_nameless(program))
		return;
	if (program->script_hint && has_finding_at_site(verdict, program))
		vmt_message("%s.", program->script_hint);
	if (has_finding(verdict, program) && program->lineless && !program->has_lines)
		vmt_message("%s has no debug information: built with -g, it has lines, and names "
			    "of functions that were inlined.",
			    program->name);
}

/* A baseline compares call sites, and these maps are none of theirs. */
static void warn_of_teardown(const struct vmt_verdict *verdict,
			     const struct vmt_summary_program *program)
{
	struct vmt_number number;

	if (!verdict->base || program->torn_down_apart < VMT_ALIGN_TEARDOWN ||
	    !has_finding(verdict, program))
		return;
	vmt_message(
		"%s: which call sites had the %s maps that %s gave back at the end is not known, "
		"since it had had more maps before: they are judged together. Judge it up to a "
		"mark (--to=MARK) to see call sites.",
		program->name, vmt_lines_number(&number, program->torn_down_apart),
		program->torn_down_by);
}

/* A program without /proc has a note of its own. */
static void warn_of_uncompared(const struct vmt_verdict *verdict,
			       const struct vmt_summary_program *program)
{
	for (size_t i = 0; i < verdict->count; i++) {
		if (verdict->finding[i].program != program || program->lacks_proc ||
		    verdict->finding[i].rule != VMT_RULE_UNCOMPARED)
			continue;
		vmt_message("%s: --allow-uncompared=%llu allows this, if it is meant to be killed "
			    "or to become a program that cannot be traced.",
			    program->name, (unsigned long long)program->uncompared);
		tell_killed(program);
	}
}

static void warn_of_returned(const struct vmt_verdict *verdict,
			     const struct vmt_summary_program *program)
{
	char *note = verdict->limit[VMT_RULE_MAX_PEAK].is_set ? NULL : vmt_returned_note(program);

	if (note)
		vmt_message("%s: note: %s.", program->name, note);
	free(note);
}

/* The program has not grown, so that it may be chance where its maps are. */
static void warn_of_forgiven(const struct vmt_verdict *verdict,
			     const struct vmt_summary_program *program)
{
	if (verdict->forgiven_of == program)
		vmt_message("%s: note: %s; %s, so that this passes (--per-site=N limits each call "
			    "site).",
			    program->name, verdict->forgiven,
			    verdict->is_forgiven_forked ? "fork children may vary by 16 in total" :
							  "it holds no more in total");
}

static void warn_of_program(const struct vmt_verdict *verdict,
			    const struct vmt_summary_program *program)
{
	warn_of_limit(program);
	warn_of_teardown(verdict, program);
	warn_of_returned(verdict, program);
	warn_of_forgiven(verdict, program);
	if (program->vanished)
		vmt_message(
			"%s became another program that was not traced (is LD_PRELOAD gone from "
			"its environment, is it static or setuid, or another user's?) and was not "
			"judged.",
			program->name);
	if (program->lacks_proc)
		vmt_message("%s could not read /proc/self/maps, so nothing was compared: mount the "
			    "/proc of its pid namespace, or allow it with --allow-uncompared=N.",
			    program->name);
	warn_of_uncompared(verdict, program);
	if (program->is_cut_short)
		vmt_message("%s: a recording lacks call sites, since the disk was full or ulimit "
			    "-f too low; set TMPDIR to a place with room.",
			    program->name);
	if (program->unseen && !verdict->limit[VMT_RULE_UNSEEN].is_set)
		vmt_message(
			"%s: %llu maps were changed by calls that were not seen; --allow-unseen=0 "
			"makes this an error.",
			program->name, (unsigned long long)program->unseen);
	if (verdict->base && !verdict->limit[VMT_RULE_REQUIRE_BASELINE].is_set &&
	    !vmt_summary_find_program(verdict->base, program->name))
		vmt_message("the program %s is not in the baseline and was not compared; save it "
			    "again with --save, or exclude it with --program. --require-baseline "
			    "makes this an error.",
			    program->name);
	warn_of_names(verdict, program);
}

void vmt_check_warn(const struct vmt_verdict *verdict)
{
	const struct vmt_summary_program *program = verdict->summary->programs;

	warn_of_suppressions(verdict->suppressions);
	for (; program; program = program->hh.next)
		warn_of_program(verdict, program);
}
