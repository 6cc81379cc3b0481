/* SPDX-License-Identifier: MIT */
/*
 * vmatrace check: the verdict for continuous integration, on recordings or on a program that it
 * runs. It is quiet if everything passes, and ends with 23 if a limit is broken, unless the program
 * itself failed, whose status is then kept.
 */
#include "check/align.h"
#include "check/baseline.h"
#include "diff/compare.h"
#include "check/defaults.h"
#include "cmd/check_notes.h"
#include "cmd/check_options.h"
#include "cmd/check_test.h"
#include "cmd/commands.h"
#include "run/launch.h"
#include "run/outdir.h"
#include "util/message.h"
#include "util/must.h"

#include <errno.h>
#include <unistd.h>

static int write_format(FILE *stream, enum vmt_check_format format,
			const struct vmt_verdict *verdict)
{
	switch (format) {
	case VMT_CHECK_JSON: return vmt_findings_write(stream, verdict);
	case VMT_CHECK_JUNIT: return vmt_junit_write(stream, verdict);
	case VMT_CHECK_SARIF: return vmt_sarif_write(stream, verdict);
	case VMT_CHECK_GITHUB: vmt_github_write(stream, verdict); return 0;
	default: vmt_plain_write(stream, verdict); return 0;
	}
}

/* The step summary is appended to, since other tools of the step may have written to it. */
static void append_step_summary(const struct vmt_verdict *verdict)
{
	const char *path = getenv("GITHUB_STEP_SUMMARY");
	FILE *stream = path && *path ? fopen(path, "ae") : NULL;

	if (path && *path && !stream)
		vmt_message("%s (GITHUB_STEP_SUMMARY): %s", path, strerror(errno));
	if (!stream)
		return;
	vmt_github_summary(stream, verdict);
	fclose(stream);
}

/* If a machine-readable format goes to a file, the text goes to the log. */
static int write_verdict(const struct vmt_check *check, const struct vmt_verdict *verdict)
{
	FILE *standard = check->command ? stderr : stdout;
	FILE *stream = check->output ? fopen(check->output, "we") : standard;
	int ret = stream ? 0 : -errno;

	if (stream)
		ret = write_format(stream, check->format, verdict);
	if (stream && (fflush(stream) || ferror(stream)) && !ret)
		ret = errno ? -errno : -EIO;
	if (stream && stream != standard && fclose(stream) && !ret)
		ret = -errno;
	if (check->format == VMT_CHECK_GITHUB)
		append_step_summary(verdict);
	if (check->output)
		vmt_plain_write(standard, verdict);
	if (!ret)
		return 0;
	if (check->output)
		vmt_message_give_up(check->output);
	vmt_message("cannot write the verdict to %s: %s", check->output ? check->output : "the log",
		    strerror(-ret));
	return VMT_EXIT_FAILED;
}

static bool is_same_mark(const char *a, const char *b)
{
	return a && b ? !strcmp(a, b) : a == b;
}

/* A baseline saved for another phase, or with lines, says nothing about this one. */
static int load_baseline(const struct vmt_check *check, struct vmt_summary *ret_base)
{
	char error[VMT_BASELINE_ERROR_MAX];

	if (vmt_baseline_load(check->baseline, ret_base, error)) {
		vmt_message(
			"%s is not a usable baseline: %s; vmatrace check --save=FILE makes one.",
			check->baseline, error);
		return VMT_EXIT_USAGE;
	}
	if (is_same_mark(ret_base->from, check->summary.phase.from) &&
	    is_same_mark(ret_base->to, check->summary.phase.to) &&
	    ret_base->warmup == check->summary.phase.warmup &&
	    ret_base->with_lines == check->summary.with_lines)
		return vmt_check_test_is(check, check->baseline, ret_base) ? 0 : VMT_EXIT_USAGE;
	vmt_message("%s was saved with other --from, --to, --warmup or --lines; use the same, or "
		    "save it again.",
		    check->baseline);
	return VMT_EXIT_USAGE;
}

/* A baseline that has no program in common with the run would let everything pass. */
static int require_common(const struct vmt_check *check, const struct vmt_summary *summary,
			  const struct vmt_summary *base)
{
	const struct vmt_summary_program *program = check->baseline ? summary->programs : NULL;

	for (; program; program = program->hh.next) {
		if (vmt_summary_find_program(base, program->name))
			return 0;
	}
	if (!check->baseline)
		return 0;
	vmt_message("%s has none of the programs that ran, such as %s; compare with the baseline "
		    "that was saved for them.",
		    check->baseline, summary->programs->name);
	return VMT_EXIT_USAGE;
}

static bool generate(const struct vmt_check *check, const struct vmt_verdict *verdict)
{
	const char *name = check->generate_file;
	FILE *stream = name ? fopen(name, "we") : stdout;
	bool is_written = stream;

	if (stream) {
		vmt_suppress_generate(stream, verdict);
		is_written = !fflush(stream) && !ferror(stream);
	}
	if (!is_written)
		vmt_message("cannot write suppressions to %s: %s", name ? name : "the log",
			    strerror(errno));
	if (!is_written && name)
		vmt_message_give_up(name);
	if (stream && name)
		fclose(stream);
	return is_written;
}

/* A run in which nothing could fail is no success. */
static int require_processes(const struct vmt_summary *summary)
{
	const struct vmt_summary_program *program;

	for (program = summary->programs; program; program = program->hh.next) {
		if (program->processes)
			return 0;
	}
	vmt_message("no process was traced to its end: %s became another program; is LD_PRELOAD "
		    "gone from its environment, or is that program static or setuid? Check it by "
		    "itself.",
		    summary->programs ? summary->programs->name : "all");
	return VMT_EXIT_USAGE;
}

/*
 * What a program left behind that failed by itself is judged like the rest, but that its end was not
 * compared is no news where it was killed.
 */
static bool is_red(const struct vmt_verdict *verdict, bool has_failed)
{
	for (size_t i = 0; i < verdict->count; i++) {
		if (!has_failed || verdict->finding[i].rule != VMT_RULE_UNCOMPARED)
			return true;
	}
	return false;
}

static int judge(const struct vmt_check *check, struct vmt_summary *summary,
		 struct vmt_summary *base, struct vmt_suppressions *suppressions, bool has_failed)
{
	struct vmt_verdict verdict = { .summary = summary,
				       .base = base,
				       .baseline = check->baseline,
				       .save_with = check->save_with,
				       .suppressions = suppressions,
				       .may_move = check->may_move };
	int status;

	memcpy(verdict.limit, check->limit, sizeof(verdict.limit));
	if (base)
		vmt_align(summary, base);
	vmt_verdict_judge(&verdict);
	status = write_verdict(check, &verdict);
	vmt_check_warn(&verdict);
	if (check->generate && !generate(check, &verdict) && !status)
		status = VMT_EXIT_FAILED;
	if (!status && is_red(&verdict, has_failed))
		status = check->exitcode;
	vmt_verdict_free(&verdict);
	return status;
}

static int save(const struct vmt_check *check, struct vmt_summary *summary)
{
	int ret = 0;

	if (check->save) {
		summary->test = vmt_check_test(check, check->save);
		ret = vmt_baseline_save(check->save, summary);
	}
	if (!ret && check->save)
		vmt_check_tell_saved(check, summary);
	if (!ret)
		return 0;
	vmt_message("cannot save the baseline %s: %s", check->save, strerror(-ret));
	return VMT_EXIT_FAILED;
}

/*
 * Baseline and suppressions come first, so that the program does not run for nothing after a
 * spelling mistake.
 */
static int prepare(const struct vmt_check *check, struct vmt_summary *base,
		   struct vmt_suppressions *suppressions)
{
	char error[VMT_SUPPRESS_ERROR_MAX];
	int status = check->baseline ? load_baseline(check, base) : 0;

	if (!status && check->save && !vmt_check_test_may_replace(check))
		status = VMT_EXIT_USAGE;

	if (!status && check->suppressions &&
	    vmt_suppress_load(suppressions, check->suppressions, error)) {
		vmt_message("%s: %s; see vmatrace check --help for the format.",
			    check->suppressions, error);
		status = VMT_EXIT_USAGE;
	}
	return status;
}

/* Suppressions that the programs contain; those may match nothing. */
static int add_defaults(const struct vmt_summary *summary, struct vmt_suppressions *suppressions)
{
	const struct vmt_summary_program *program = summary->programs;
	char error[VMT_SUPPRESS_ERROR_MAX];
	char *text;
	int ret = 0;

	for (; program && !ret; program = program->hh.next) {
		text = program->exe ? vmt_defaults_read(program->exe) : NULL;
		if (text)
			ret = vmt_suppress_parse(suppressions, text, strlen(text), error);
		if (ret)
			vmt_message("%s: vmatrace_default_suppressions: %s", program->exe, error);
		free(text);
	}
	return ret ? VMT_EXIT_USAGE : 0;
}

static int complain_of_none(const struct vmt_check *check, const char *directory)
{
	vmt_load_tell_lost(directory, 0, NULL, NULL);
	vmt_message("%s left no recording; if the library has not said why, LD_PRELOAD was removed "
		    "from its environment.",
		    check->command[0]);
	return VMT_EXIT_USAGE;
}

static int load(struct vmt_check *check, const struct vmt_launch *launch,
		struct vmt_summary *summary)
{
	char *directory = vmt_must_copy(launch->directory);
	int status;

	if (check->command && !vmt_outdir_count(directory))
		status = complain_of_none(check, directory);
	else if (check->command)
		status = vmt_compare_load(&directory, 1, &check->summary, summary);
	else
		status =
			vmt_compare_load(check->paths, check->path_count, &check->summary, summary);
	free(directory);
	return status;
}

/*
 * If the program failed first, its status is what the caller wants to know, unless any failure of it
 * would pass for the one that is expected.
 */
static int final_status(const struct vmt_check *check, int status, int program)
{
	if (check->is_exitcode_first && status)
		return check->exitcode;
	return program ? program : status;
}

static int check_all(struct vmt_check *check)
{
	struct vmt_summary summary = { .programs = NULL };
	struct vmt_summary base = { .programs = NULL };
	struct vmt_suppressions suppressions = { NULL, 0 };
	struct vmt_launch launch = { .directory = "" };
	int status = prepare(check, &base, &suppressions);

	if (!status && check->command)
		status = vmt_launch_run(check->command, &launch);
	if (!status && check->command)
		vmt_check_tell_ending(check, &launch);
	if (!status)
		status = load(check, &launch, &summary);
	if (!status)
		status = require_processes(&summary);
	if (!status)
		vmt_check_tell_twins(&summary);
	if (!status)
		status = save(check, &summary);
	if (!status)
		status = add_defaults(&summary, &suppressions);
	if (!status)
		status = require_common(check, &summary, &base);
	if (!status && check->has_limits)
		status = judge(check, &summary, check->baseline ? &base : NULL, &suppressions,
			       launch.status != 0);
	status = final_status(check, status, launch.status);
	vmt_launch_clean(&launch);
	vmt_suppress_free(&suppressions);
	vmt_summary_free(&summary);
	vmt_summary_free(&base);
	return status;
}

/* A wrapper, such as scripts/ci/vmatrace-check.sh, may have a way of its own to save a baseline. */
static char *take_save_with(void)
{
	const char *value = getenv("VMATRACE_SAVE_WITH");
	char *copy = value && *value ? vmt_must_copy(value) : NULL;

	unsetenv("VMATRACE_SAVE_WITH");
	return copy;
}

int vmt_cmd_check(int argc, char **argv)
{
	struct vmt_check check;
	int status = vmt_check_parse(argc, argv, &check);
	char *save_with;

	if (status >= 0)
		return final_status(&check, status, 0);
	save_with = take_save_with();
	check.save_with = save_with;
	status = check_all(&check);
	free(save_with);
	return status;
}
