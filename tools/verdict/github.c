/* SPDX-License-Identifier: MIT */
/*
 * A verdict for GitHub Actions: an annotation for each finding, which the runner picks out of the
 * log, and Markdown for the step summary. Escaping is essential: a name with a newline must not
 * become a command.
 */
#include "verdict/backtrace.h"
#include "verdict/gone.h"
#include "verdict/other_lines.h"
#include "check/verdict.h"
#include "util/must.h"

#define CALLERS 4u /* told of a finding */

static void put_data(FILE *stream, const char *text, bool is_property)
{
	for (; *text; text++) {
		switch (*text) {
		case '%': fputs("%25", stream); break;
		case '\r': fputs("%0D", stream); break;
		case '\n': fputs("%0A", stream); break;
		case ':': fputs(is_property ? "%3A" : ":", stream); break;
		case ',': fputs(is_property ? "%2C" : ",", stream); break;
		default: fputc(*text, stream);
		}
	}
}

/* Findings of other rules begin with the program's name. */
static char *message_of(const struct vmt_finding *finding)
{
	if (finding->rule != VMT_RULE_PER_SITE)
		return vmt_must_copy(finding->message);
	return vmt_must_format("%s, of %s", finding->message, finding->program->name);
}

static void put_stack_line(void *stream, const char *line)
{
	put_data(stream, "\n", false);
	put_data(stream, line, false);
}

static void put_finding(FILE *stream, const struct vmt_verdict *verdict,
			const struct vmt_finding *finding)
{
	const struct vmt_stack_frame *place = vmt_verdict_place(finding);
	char *lines = vmt_other_lines_note(finding);
	char *note = vmt_gone_note(verdict, finding);
	char *message = message_of(finding);

	fputs("::error ", stream);
	if (place && place->file) {
		fputs("file=", stream);
		put_data(stream, place->file, true);
		if (place->line)
			fprintf(stream, ",line=%u", place->line);
		fputc(',', stream);
	}
	fputs("title=", stream);
	put_data(stream, vmt_rules_title(finding->rule), true);
	fputs("::", stream);
	put_data(stream, message, false);
	free(message);
	if (lines)
		put_stack_line(stream, lines);
	if (note)
		put_stack_line(stream, note);
	free(lines);
	free(note);
	if (finding->site)
		vmt_backtrace_put(finding->stack, UINT32_MAX, put_stack_line, stream);
	fputc('\n', stream);
}

void vmt_github_write(FILE *stream, const struct vmt_verdict *verdict)
{
	char *summary = vmt_verdict_summary(verdict);

	for (size_t i = 0; i < verdict->count; i++)
		put_finding(stream, verdict, &verdict->finding[i]);
	/* "SUMMARY:" is no command, and a newline in a name could not make one either. */
	fputs("SUMMARY: ", stream);
	put_data(stream, summary, false);
	fputc('\n', stream);
	free(summary);
}

static void put_cell(FILE *stream, const char *text)
{
	for (; *text; text++) {
		if (strchr("\\`*_{}[]<>()#+-!|~&", *text))
			fprintf(stream, "&#%d;", *text);
		else
			fputc((unsigned char)*text < ' ' ? ' ' : *text, stream);
	}
}

/* The project's functions further out: of two call sites of one helper, they are all that differs. */
static void put_callers(FILE *stream, const struct vmt_finding *finding)
{
	const struct vmt_stack_frame *frame = vmt_verdict_place(finding);

	for (unsigned i = 0; i < CALLERS && frame; i++) {
		char *where;

		frame = vmt_stack_caller(finding->stack, frame);
		where = frame && !i ? vmt_stack_where(frame) : NULL;
		fputs(frame && i ? ", " : "", stream);
		put_cell(stream, where ? where : frame ? frame->function : "");
		free(where);
	}
}

static void put_row(FILE *stream, const struct vmt_verdict *verdict,
		    const struct vmt_finding *finding)
{
	const struct vmt_stack_frame *place = vmt_verdict_place(finding);
	char *note = vmt_gone_note(verdict, finding);
	char *message = message_of(finding);

	fprintf(stream, "| %+lld | %lld | %lld | ", (long long)(finding->maps - finding->base),
		(long long)finding->maps, (long long)finding->allowed);
	if (place && place->file) {
		char *where = vmt_must_format("%s:%u", place->file, place->line);

		put_cell(stream, where);
		free(where);
	}
	fputs(" | ", stream);
	put_callers(stream, finding);
	fputs(" | ", stream);
	put_cell(stream, message);
	free(message);
	fputs(note ? "; " : "", stream);
	put_cell(stream, note ? note : "");
	fputs(" |\n", stream);
	free(note);
}

/* Returns the program that the verdict is about, and of how many others it is. */
static char *programs_of(const struct vmt_verdict *verdict)
{
	const struct vmt_summary_program *program =
		verdict->count ? verdict->finding[0].program : verdict->summary->programs;
	unsigned others = program ? HASH_COUNT(verdict->summary->programs) - 1 : 0;

	return others ? vmt_must_format("%s and %u more", program->name, others) :
			vmt_must_copy(program ? program->name : "none");
}

void vmt_github_summary(FILE *stream, const struct vmt_verdict *verdict)
{
	char *summary = vmt_verdict_summary(verdict);
	char *programs = programs_of(verdict);

	fputs(verdict->count ? "### Memory maps: failed (" : "### Memory maps: passed (", stream);
	put_cell(stream, programs);
	fputs(")\n\n", stream);
	free(programs);
	put_cell(stream, summary);
	fputs("\n", stream);
	if (verdict->count)
		fputs("\n| more | maps | allowed | where | called by | what |\n"
		      "|--:|--:|--:|---|---|---|\n",
		      stream);
	for (size_t i = 0; i < verdict->count; i++)
		put_row(stream, verdict, &verdict->finding[i]);
	fputs("\n", stream);
	free(summary);
}
