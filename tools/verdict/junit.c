/* SPDX-License-Identifier: MIT */
/*
 * A verdict as JUnit XML, as read by Jenkins and GitLab: a suite for each program, a case for each
 * limit, and a case for each call site that broke its own limit. tests/cli/junit.xsd describes the
 * form.
 */
#include "verdict/backtrace.h"
#include "verdict/gone.h"
#include "verdict/other_lines.h"
#include "check/verdict.h"
#include "core/base/printable.h"
#include "util/hash.h"
#include "util/must.h"

#define NAMES_MOST 100u /* letters of the functions in a case's name */

/*
 * Returns the length of the character at the start of text; 0 = none, or a character that XML 1.0
 * does not allow.
 */
static size_t length_of(const unsigned char *at, size_t left)
{
	size_t n = vmt_printable_length(at, left);

	if (n == 1 && *at < ' ' && *at != '\n' && *at != '\t')
		return 0;
	return n == 3 && at[0] == 0xef && at[1] == 0xbf && at[2] >= 0xbe ? 0 : n;
}

/* Print escaped text; invalid characters become '?'. */
static void put_text(FILE *stream, const char *text)
{
	const unsigned char *at = (const unsigned char *)text;
	const unsigned char *end = at + strlen(text);

	while (at < end) {
		size_t n = length_of(at, (size_t)(end - at));

		if (*at == '<')
			fputs("&lt;", stream);
		else if (*at == '>')
			fputs("&gt;", stream);
		else if (*at == '&')
			fputs("&amp;", stream);
		else if (*at == '"')
			fputs("&quot;", stream);
		else if (!n)
			fputc('?', stream);
		else
			fwrite(at, 1, n, stream);
		at += n ? n : 1;
	}
}

static void put_attribute(FILE *stream, const char *name, const char *value)
{
	fprintf(stream, " %s=\"", name);
	put_text(stream, value);
	fputc('"', stream);
}

static void put_stack_line(void *stream, const char *line)
{
	put_text(stream, line);
	fputc('\n', stream);
}

/* "guard, pool_object, main" */
static char *functions_of(const struct vmt_stack *stack)
{
	char *names = vmt_must_copy("");
	char *longer;

	for (uint32_t i = 0; i < stack->count; i++) {
		const struct vmt_stack_frame *frame = &stack->frame[i];

		if (frame->is_runtime)
			continue;
		longer = vmt_must_format("%s%s%s", names, *names ? ", " : "",
					 frame->function ? frame->function : frame->module);
		free(names);
		names = longer;
	}
	return names;
}

/* Instead of its outer functions a long list has a number, which is the same whenever they are. */
static char *shortened(char *names)
{
	size_t all = strlen(names);
	size_t length = NAMES_MOST;
	char *shorter;

	if (all <= NAMES_MOST)
		return names;
	while (length && strncmp(names + length, ", ", 2))
		length--;
	shorter = vmt_must_format("%.*s, ... %08x", (int)(length ? length : NAMES_MOST), names,
				  vmt_hash_bytes(VMT_HASH_START, names, all));
	free(names);
	return shorter;
}

/*
 * "per-site: mprotect in guard, pool_object, main": unique for each call site, and the same from
 * run to run, since readers treat cases with one name as one case.
 */
static char *name_of(const struct vmt_finding *finding)
{
	char *names, *name;

	if (vmt_summary_is_unseen(finding->site))
		return vmt_must_copy("per-site: calls that were not seen");
	names = shortened(functions_of(finding->stack));
	name = vmt_must_format("per-site: %s in %s", finding->site->call, names);
	free(names);
	return name;
}

/*
 * The message begins with the place. An attribute for it, which some readers know, would make
 * others refuse the whole file (Jenkins' xUnit plugin).
 */
static char *message_of(const struct vmt_finding *finding)
{
	const struct vmt_stack_frame *place = vmt_verdict_place(finding);

	if (!place || !place->file || !place->line)
		return vmt_must_copy(finding->message);
	return vmt_must_format("%s:%u: %s", place->file, place->line, finding->message);
}

static void put_failure(FILE *stream, const struct vmt_verdict *verdict,
			const struct vmt_finding *finding)
{
	char *message = message_of(finding);
	char *lines = vmt_other_lines_note(finding);
	char *note = vmt_gone_note(verdict, finding);
	char *name = finding->rule == VMT_RULE_PER_SITE ?
			     name_of(finding) :
			     vmt_must_copy(vmt_rules_name(finding->rule));

	fputs("    <testcase", stream);
	put_attribute(stream, "classname", finding->program->name);
	put_attribute(stream, "name", name);
	fputs(">\n      <failure", stream);
	put_attribute(stream, "type", vmt_rules_name(finding->rule));
	put_attribute(stream, "message", message);
	fputs(">", stream);
	put_text(stream, message);
	fputs("\n", stream);
	if (lines)
		put_stack_line(stream, lines);
	if (note)
		put_stack_line(stream, note);
	if (finding->site)
		vmt_backtrace_put(finding->stack, UINT32_MAX, put_stack_line, stream);
	fputs("</failure>\n    </testcase>\n", stream);
	free(message);
	free(lines);
	free(note);
	free(name);
}

/* Count a program's findings for a rule; VMT_RULE_COUNT: for all rules. */
static size_t count_failures(const struct vmt_verdict *verdict,
			     const struct vmt_summary_program *program, enum vmt_rule rule)
{
	size_t n = 0;

	for (size_t i = 0; i < verdict->count; i++)
		n += verdict->finding[i].program == program &&
		     (rule == VMT_RULE_COUNT || verdict->finding[i].rule == rule);
	return n;
}

static bool is_passed(const struct vmt_verdict *verdict, const struct vmt_summary_program *program,
		      enum vmt_rule rule)
{
	return verdict->limit[rule].is_set && !count_failures(verdict, program, rule);
}

static void put_suite(FILE *stream, const struct vmt_verdict *verdict,
		      const struct vmt_summary_program *program)
{
	size_t failures = count_failures(verdict, program, VMT_RULE_COUNT);
	size_t tests = failures;

	for (int rule = 0; rule < VMT_RULE_COUNT; rule++)
		tests += is_passed(verdict, program, (enum vmt_rule)rule);
	fputs("  <testsuite", stream);
	put_attribute(stream, "name", program->name);
	fprintf(stream, " tests=\"%zu\" failures=\"%zu\" errors=\"0\" skipped=\"0\">\n", tests,
		failures);
	for (int rule = 0; rule < VMT_RULE_COUNT; rule++) {
		if (!is_passed(verdict, program, (enum vmt_rule)rule))
			continue;
		fputs("    <testcase", stream);
		put_attribute(stream, "classname", program->name);
		put_attribute(stream, "name", vmt_rules_name((enum vmt_rule)rule));
		fputs("/>\n", stream);
	}
	for (size_t i = 0; i < verdict->count; i++) {
		if (verdict->finding[i].program == program)
			put_failure(stream, verdict, &verdict->finding[i]);
	}
	fputs("  </testsuite>\n", stream);
}

int vmt_junit_write(FILE *stream, const struct vmt_verdict *verdict)
{
	const struct vmt_summary_program *program = verdict->summary->programs;

	fputs("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
	      "<testsuites name=\"vmatrace\">\n",
	      stream);
	for (; program; program = program->hh.next)
		put_suite(stream, verdict, program);
	fputs("</testsuites>\n", stream);
	return 0;
}
