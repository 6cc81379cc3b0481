/* SPDX-License-Identifier: MIT */
/*
 * vmatrace diff: what changed between two runs, each a recording, a directory of recordings or a
 * baseline. It gives no verdict; check does.
 */
#include "check/align.h"
#include "check/baseline.h"
#include "diff/compare.h"
#include "cmd/arguments.h"
#include "cmd/commands.h"
#include "diff/nameless.h"
#include "input/load.h"
#include "report/print.h"
#include "util/message.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

struct request {
	struct vmt_summary_options options;
	const char *output;
	enum vmt_format format;
	uint64_t top; /* shown in text */
};

static const char help[] =
	"Usage: vmatrace diff [OPTIONS] BASE NEW\n"
	"\n"
	"List call sites whose live maps differ between two runs: added, gone, grown, shrunk, the\n"
	"greatest change first. BASE and NEW are recordings, directories of recordings or\n"
	"baselines (vmatrace check --save). Programs are matched by name; where each run has only\n"
	"one, it may have been called differently. If several processes run the same program,\n"
	"the greatest value counts. The status is 0 whether or not anything differs; to fail on\n"
	"growth, use check.\n"
	"\n"
	"  -f, --format=FORMAT     text (the default), json, or html: the page of the report on NEW\n"
	"                          (which must be recordings) with what changed\n"
	"  -o, --output=FILE       write there instead of standard output\n"
	"  -n, --top=N             places and call sites shown in text (10)\n"
	"      --program=PATTERN   only programs with that name (* and ? as in the shell)\n"
	"      --peak              compare what call sites held when each program had most maps, and\n"
	"                          not at its end (recordings only)\n"
	"      --lines             distinguish call sites by line number\n"
	"      --from=MARK --to=MARK --warmup=N\n"
	"                          only this phase of the recordings, as in vmatrace check\n"
	"      --symbols=DIR       look for modules and .build-id/ files here as well\n"
	"  -h, --help\n";

static bool is_of_diff(enum vmt_format format)
{
	return format == VMT_FORMAT_TEXT || format == VMT_FORMAT_JSON || format == VMT_FORMAT_HTML;
}

static const char *set_diff_option(void *context, int option, char *value)
{
	struct request *request = context;
	struct vmt_phase *phase = &request->options.phase;

	switch (option) {
	case 'f':
		return vmt_print_format(value, &request->format) && is_of_diff(request->format) ?
			       NULL :
			       "the format is text, json or html, not ";
	case 'w':
		return vmt_arguments_number(value, INT_MAX, &phase->warmup) ? NULL :
									      "not a number: ";
	case 'n':
		return vmt_arguments_number(value, INT_MAX, &request->top) && request->top ?
			       NULL :
			       "not a number over 0: ";
	case 'o': request->output = value; break;
	case 'p': request->options.program = value; break;
	case 'l': request->options.with_lines = true; break;
	case 'P': request->options.with_peak = true; break;
	case 'F': phase->from = value; break;
	case 'T': phase->to = value; break;
	default: request->options.symbols = value; break;
	}
	return NULL;
}

static const struct option long_options[] = {
	{ "format", required_argument, NULL, 'f' }, { "output", required_argument, NULL, 'o' },
	{ "top", required_argument, NULL, 'n' },    { "program", required_argument, NULL, 'p' },
	{ "lines", no_argument, NULL, 'l' },        { "peak", no_argument, NULL, 'P' },
	{ "from", required_argument, NULL, 'F' },   { "to", required_argument, NULL, 'T' },
	{ "warmup", required_argument, NULL, 'w' }, { "symbols", required_argument, NULL, 's' },
	{ "help", no_argument, NULL, 'h' },         { NULL, 0, NULL, 0 },
};

static const struct vmt_arguments arguments = {
	"diff", help, ":f:o:n:h", long_options, set_diff_option,
};

/* Returns -1 to go on; otherwise the exit status. */
static int parse_diff(int argc, char **argv, struct request *request)
{
	int status = vmt_arguments_parse(&arguments, argc, argv, request);

	if (status >= 0)
		return status;
	if (request->options.phase.warmup && !request->options.phase.from)
		return vmt_arguments_refuse(&arguments,
					    "--warmup needs --from, the mark that "
					    "begins a round",
					    "");
	if (argc - optind != 2)
		return vmt_arguments_refuse(&arguments, "two things to compare are needed", "");
	if (request->options.with_peak &&
	    (request->options.phase.from || request->options.phase.to))
		return vmt_arguments_refuse(&arguments,
					    "--peak is of the whole run, not of a phase", "");
	for (int i = 0; i < 2 && request->options.with_peak; i++) {
		if (vmt_baseline_is(argv[optind + i]))
			return vmt_arguments_refuse(&arguments,
						    "--peak needs recordings, not the baseline ",
						    argv[optind + i]);
	}
	if (request->format == VMT_FORMAT_HTML && vmt_baseline_is(argv[optind + 1]))
		return vmt_arguments_refuse(&arguments,
					    "a page is made of recordings, not of the baseline ",
					    argv[optind + 1]);
	return -1;
}

static int write_page(FILE *stream, const struct request *request, const char *path,
		      const struct vmt_comparison *comparison)
{
	struct vmt_print_options print = { .format = VMT_FORMAT_HTML,
					   .symbols = request->options.symbols };
	struct vmt_recordings recordings = { NULL, 0 };
	int ret = vmt_load_path(&recordings, path);

	print.diff = vmt_compare_value(comparison);
	if (!ret)
		ret = vmt_print(stream, &recordings, &print);
	json_decref(print.diff);
	vmt_load_free(&recordings);
	return ret;
}

static int write_as(FILE *stream, const struct request *request, const char *path,
		    const struct vmt_comparison *comparison)
{
	if (request->format == VMT_FORMAT_HTML)
		return write_page(stream, request, path, comparison);
	if (request->format == VMT_FORMAT_JSON)
		return vmt_compare_json(stream, comparison);
	return vmt_compare_text(stream, comparison, request->top);
}

static int write_all(const struct request *request, const char *path,
		     const struct vmt_comparison *comparison)
{
	FILE *stream = request->output ? fopen(request->output, "we") : stdout;
	int ret;

	if (!stream) {
		vmt_message("%s: %s", request->output, strerror(errno));
		return VMT_EXIT_USAGE;
	}
	ret = write_as(stream, request, path, comparison);
	if ((fflush(stream) || ferror(stream)) && !ret)
		ret = errno ? -errno : -EIO;
	if (stream != stdout)
		fclose(stream);
	if (!ret)
		return 0;
	if (request->output)
		vmt_message_give_up(request->output);
	vmt_message("cannot write to %s: %s", request->output ? request->output : "standard output",
		    strerror(-ret));
	return VMT_EXIT_FAILED;
}

/*
 * Call sites are matched by names: where only one run has them, all are gone and added. Where neither
 * has them, a row is all that a function of an unknown name called, which is said once.
 */
static void warn_of_names(const struct vmt_summary *summary, const struct vmt_summary *other,
			  const char *path, bool is_first)
{
	const struct vmt_summary_program *program = summary->programs;

	for (; program; program = program->hh.next) {
		const struct vmt_summary_program *same =
			vmt_summary_find_program(other, program->name);
		struct vmt_nameless lacking, lacking_too;

		if (!same || !vmt_nameless_find(program, &lacking))
			continue;
		if (!vmt_nameless_find(same, &lacking_too))
			vmt_message("%s: %llu frames of %s have no name (stripped, or built again "
				    "since it ran), so its call sites do not match the other "
				    "run's; keep the symbols, or say where they are with "
				    "--symbols=DIR.",
				    path, (unsigned long long)lacking.frames, lacking.module);
		else if (is_first)
			vmt_message("%llu frames of %s have no name in either run (stripped, or "
				    "built again since), so different call sites may be one row; "
				    "keep the symbols, or say where they are with --symbols=DIR.",
				    (unsigned long long)lacking.frames, lacking.module);
	}
}

/* Nothing is known of what such a process did afterwards, so that "0 maps" would be no result. */
static void warn_of_vanished(const struct vmt_summary *summary, const char *path)
{
	const struct vmt_summary_program *program = summary->programs;

	for (; program; program = program->hh.next) {
		if (program->vanished)
			vmt_message("%s: %s became another program, which was not traced (env "
				    "LD_PRELOAD=..., static or setuid?), so it is not compared.",
				    path, program->name);
	}
}

/* From here on, what call sites held at the peak is what they have. */
static void use_peaks(struct vmt_summary *summary)
{
	struct vmt_summary_program *program = summary->programs;
	struct vmt_summary_site *site;

	for (; program; program = program->hh.next) {
		for (site = program->sites; site; site = site->hh.next)
			site->maps = site->at_end = site->at_peak;
	}
}

/* What made the peak may be gone at the end, where nothing differs then. */
static void tell_of_peaks(const struct request *request, const struct vmt_comparison *comparison)
{
	if (!request->options.with_peak && request->format == VMT_FORMAT_TEXT &&
	    vmt_compare_differs_at_peak(comparison))
		vmt_message("the peaks differ by more than the ends: vmatrace diff --peak compares "
			    "what each call site held then.");
}

static void tell_names(const char *was, const char *is)
{
	vmt_message("%s of the first run is compared with %s of the second.", was, is);
}

/* Two versions of a program or of a library may be called differently. */
static void match_names(struct vmt_summary summary[2])
{
	char *was = vmt_compare_rename(&summary[0], &summary[1]);

	if (was)
		tell_names(was, summary[1].programs->name);
	free(was);
	vmt_compare_rename_modules(&summary[0], &summary[1], tell_names);
}

int vmt_cmd_diff(int argc, char **argv)
{
	struct vmt_summary summary[2] = { { .programs = NULL }, { .programs = NULL } };
	struct request request = { .format = VMT_FORMAT_TEXT, .top = 10 };
	struct vmt_comparison comparison;
	int status = parse_diff(argc, argv, &request);

	if (status >= 0)
		return status;
	status = vmt_compare_load_two(argv + optind, &request.options, summary);
	if (!status) {
		match_names(summary);
		if (request.options.with_peak) {
			use_peaks(&summary[0]);
			use_peaks(&summary[1]);
		} else {
			vmt_align(&summary[1], &summary[0]);
		}
		vmt_compare(&summary[0], &summary[1], &comparison);
		for (int i = 0; i < 2 && comparison.count; i++)
			warn_of_names(&summary[i], &summary[!i], argv[optind + i], !i);
		for (int i = 0; i < 2; i++)
			warn_of_vanished(&summary[i], argv[optind + i]);
		comparison.at_peak = request.options.with_peak;
		status = write_all(&request, argv[optind + 1], &comparison);
		tell_of_peaks(&request, &comparison);
		vmt_compare_free(&comparison);
	}
	vmt_summary_free(&summary[0]);
	vmt_summary_free(&summary[1]);
	return status;
}
