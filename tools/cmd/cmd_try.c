/* SPDX-License-Identifier: MIT */
/*
 * vmatrace try: run a program several times, each time with a remedy in effect that needs no change
 * of it, and say what each has done. The program's own output is that of the first run.
 */
#include "cmd/arguments.h"
#include "cmd/commands.h"
#include "try/try.h"
#include "util/lines.h"
#include "util/message.h"
#include "util/must.h"

#include <errno.h>
#include <unistd.h>

struct request {
	char *only;
	FILE *stream;
	bool json;
};

static const char help[] =
	"Usage: vmatrace try [OPTIONS] [--] PROGRAM [ARGUMENTS...]\n"
	"\n"
	"Run PROGRAM under the library, find what would reduce the number of its maps, and\n"
	"run it again with each remedy in effect that can be tried without changing it. A\n"
	"table on standard error shows the maps at the peak and at the end, how many are\n"
	"promised to be saved (blank: not sure, as where it may leave a part as it is), how\n"
	"many were saved (not known if both runs ended at the limit, \"(limit)\", or a signal\n"
	"ended the one with the remedy, \"(died)\"), and whether output and status stayed the\n"
	"same. The heading says whether these numbers are of the end, or of the peak, as\n"
	"where most is given back by then: of that nothing is promised. No remedy loses what\n"
	"is in memory; where output or status differ, the program relies on what the remedy\n"
	"leaves out, unless it failed at the limit and does not with the remedy (\"saved\").\n"
	"PROGRAM runs twice without a remedy, then once with each, and reads the same input\n"
	"every time. The exit status is that of its first run, or 2 if it became a program\n"
	"that was not traced. A run has no time limit: for a program that may not end, such\n"
	"as a service, give one with timeout (vmatrace try -- timeout 60 PROGRAM).\n"
	"\n"
	"  -t, --try=NAME               only this remedy: guards, names, advice, locks, policy,\n"
	"                               noreserve, decommit, holes, stacks; arenas,\n"
	"                               mmap-threshold, stack-cache, jemalloc, tcmalloc,\n"
	"                               mimalloc; may be repeated\n"
	"  -f, --format=text|json       default text\n"
	"      --report-file=FILE       write the table to FILE instead\n"
	"  -h, --help\n"
	"\n"
	"vmatrace run --try=NAME runs once, with one of the first ten in effect.\n";

static const char *set_try_option(void *context, int option, char *value)
{
	struct request *request = context;
	char *longer;

	if (option == 'f')
		return vmt_arguments_is_json(value, &request->json) ?
			       NULL :
			       "the format is text or json, not ";
	if (option == 'F') {
		request->stream = fopen(value, "we");
		return request->stream ? NULL : "cannot be written: ";
	}
	if (!vmt_try_is_name(value))
		return "not the name of a remedy: ";
	longer = vmt_must_format("%s%s%s", request->only ? request->only : "",
				 request->only ? "," : "", value);
	free(request->only);
	request->only = longer;
	return NULL;
}

static const struct option long_options[] = {
	{ "try", required_argument, NULL, 't' },
	{ "format", required_argument, NULL, 'f' },
	{ "report-file", required_argument, NULL, 'F' },
	{ "help", no_argument, NULL, 'h' },
	{ NULL, 0, NULL, 0 },
};

static const struct vmt_arguments arguments = {
	"try", help, "+:t:f:h", long_options, set_try_option,
};

static void put_row(FILE *stream, const struct vmt_try *tried, const char *name,
		    const struct vmt_trial *trial, const char *promised, const char *measured)
{
	struct vmt_number peak, end;
	char status[32];

	snprintf(status, sizeof(status), "%d%s", trial->status,
		 trial->status == tried->plain.status || vmt_try_is_saved(tried, trial) ?
			 "" :
			 " DIFFERS");
	fprintf(stream, "%-20s %8s %8s %9s %9s  %-7s %6.2f s %s\n", name,
		vmt_lines_number(&peak, trial->maps_peak), vmt_lines_number(&end, trial->maps_end),
		promised, measured, trial == &tried->plain ? "" : vmt_try_output(tried, trial),
		(double)trial->ns / 1e9, status);
}

/* A run that a signal ended early, unlike that without the remedy, shows nothing of what it saves. */
static bool has_died(const struct vmt_try *tried, const struct vmt_remedied *remedied)
{
	return remedied->trial.status > 128 && remedied->trial.status != tried->plain.status;
}

static void put_remedied(FILE *stream, const struct vmt_try *tried,
			 const struct vmt_remedied *remedied)
{
	struct vmt_number promised, measured;

	put_row(stream, tried, remedied->name, &remedied->trial,
		remedied->is_promised ?
			vmt_lines_number_signed(&promised, -(int64_t)remedied->saves) :
			"",
		has_died(tried, remedied) ?
			"(died)" :
		vmt_try_is_hidden(tried, remedied) ?
			"(limit)" :
			vmt_lines_number_signed(&measured, -vmt_try_measured(tried, remedied)));
}

/* ". It saved little of what was promised: …", or nothing. The caller frees it. */
static char *shortfall(const struct vmt_try *tried, const struct vmt_remedied *remedied)
{
	struct vmt_number saves, number;
	uint64_t left = 0;
	enum vmt_try_shortfall found = vmt_try_shortfall(tried, remedied, &left);

	vmt_lines_number(&saves, remedied->saves);
	if (left)
		vmt_lines_number(&number, left);
	else
		snprintf(number.text, sizeof(number.text), "none");
	if (found == VMT_TRY_AT_LIMIT)
		return vmt_must_format(
			". Both runs ended at the limit, so peak and end do not show "
			"what it saved. Of its kind, %s maps could be saved without "
			"it, and %s with it",
			saves.text, number.text);
	if (found == VMT_TRY_REPLACED)
		return vmt_must_format(
			". It saved little in all, although of its kind %s maps could "
			"be saved without it, and %s with it: there are more of "
			"another kind",
			saves.text, number.text);
	if ((found == VMT_TRY_LEFT || found == VMT_TRY_PARTLY) && remedied->leaves)
		return vmt_must_format(". It saved %s was promised: %s",
				       found == VMT_TRY_LEFT ? "little of what" : "less than",
				       remedied->leaves);
	return vmt_must_copy("");
}

static void put_notes(FILE *stream, const struct vmt_try *tried)
{
	struct vmt_lines lines = { .width = 78 };

	fputc('\n', stream);
	for (size_t i = 0; i < tried->count; i++) {
		const struct vmt_remedied *remedied = &tried->remedy[i];
		char *why = shortfall(tried, remedied);

		vmt_lines_add(&lines, 4, "%s: %s%s%s%s", remedied->name, remedied->what,
			      remedied->notice ? "; " : "",
			      remedied->notice ? remedied->notice : "", why);
		free(why);
	}
	for (size_t i = 0; i < lines.count; i++)
		fprintf(stream, "%s\n", lines.line[i]);
	vmt_lines_free(&lines);
}

static void put_table(FILE *stream, const struct vmt_try *tried)
{
	fprintf(stream, "%38s %s\n", "",
		vmt_try_is_by_peak(tried) ? "--- at the peak ---" : "---- at the end ---");
	fprintf(stream, "%-20s %8s %8s %9s %9s  %-7s %8s %s\n", "remedy", "peak", "end", "promised",
		"measured", "output", "time", "status");
	put_row(stream, tried, "(none)", &tried->plain, "", "");
	for (size_t i = 0; i < tried->count; i++)
		put_remedied(stream, tried, &tried->remedy[i]);
	if (tried->count)
		put_notes(stream, tried);
	else
		fputs("\nNo remedy applies that can be tried without changing the program: vmatrace "
		      "run tells the cause.\n",
		      stream);
	fflush(stream);
}

static int try_one(const struct vmt_trials *trials, struct vmt_remedied *remedied)
{
	struct vmt_setting_saved saved;
	int ret;

	vmt_setting_make(&remedied->setting, &saved);
	ret = vmt_trial_run(trials, *remedied->options ? remedied->options : NULL,
			    *remedied->preload ? remedied->preload : NULL, &remedied->trial,
			    remedied->is_promised ? &remedied->evidence : NULL);
	vmt_setting_undo(&saved);
	return ret;
}

/* Its output is passed on at once; what follows is said afterwards. */
static int try_all(const struct request *request, const struct vmt_trials *trials,
		   struct vmt_try *tried)
{
	int ret = vmt_trial_run(trials, NULL, NULL, &tried->plain, &tried->evidence);

	if (ret)
		return ret;
	vmt_trial_pass_output(&tried->plain);
	if (!tried->plain.is_recorded) {
		vmt_message("%s left no recording, so nothing can be tried: vmatrace run says why.",
			    trials->command[0]);
		return VMT_EXIT_FAILED;
	}
	vmt_outdir_tell_untraced(&tried->plain.others);
	if (tried->plain.others.is_untraced)
		return VMT_EXIT_USAGE; /* as check: what was examined is another program */
	vmt_try_choose(tried, request->only);
	if (tried->count)
		ret = vmt_trial_run(trials, NULL, NULL, &tried->again, NULL);
	for (size_t i = 0; !ret && i < tried->count; i++)
		ret = try_one(trials, &tried->remedy[i]);
	if (ret)
		return ret;
	if (!request->json)
		put_table(request->stream, tried);
	else if (vmt_try_json(request->stream, tried))
		vmt_message("cannot write the table: %s", strerror(EIO));
	return tried->plain.status;
}

static int run(const struct request *request, char **command)
{
	static struct vmt_try tried;
	struct vmt_trials trials;
	int ret = vmt_trial_begin(&trials, command);

	if (ret) {
		vmt_message("cannot keep the program's input: %s", strerror(-ret));
		return VMT_EXIT_FAILED;
	}
	ret = try_all(request, &trials, &tried);
	vmt_trial_free(&tried.plain);
	vmt_trial_free(&tried.again);
	for (size_t i = 0; i < tried.count; i++)
		vmt_trial_free(&tried.remedy[i].trial);
	vmt_trial_end(&trials);
	return ret;
}

int vmt_cmd_try(int argc, char **argv)
{
	struct request request = { .stream = stderr };
	int status = vmt_arguments_parse(&arguments, argc, argv, &request);

	if (status < 0 && optind == argc)
		status = vmt_arguments_refuse(&arguments, "no program given", "");
	if (status < 0)
		status = run(&request, argv + optind);
	if (request.stream != stderr)
		fclose(request.stream);
	free(request.only);
	return status;
}
