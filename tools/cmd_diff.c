/* SPDX-License-Identifier: MIT */
/*
 * vmatrace diff: what changed between two runs, each a recording, a directory of them or
 * a baseline. Says what is; the verdict is check's.
 */
#include "commands.h"
#include "compare.h"
#include "message.h"

#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

struct request {
	struct vmt_census_options options;
	const char *output;
	bool json;
};

static const char help[] =
	"Usage: vmatrace diff [OPTIONS] BASE NEW\n"
	"\n"
	"Call sites whose live maps differ between two runs: added, gone, grown, shrunk, the\n"
	"greatest change first. BASE and NEW are recordings, directories of recordings or\n"
	"baselines (vmatrace check --save). Of several processes of one program the greatest\n"
	"counts. The status is 0 whether or not anything differs; check judges.\n"
	"\n"
	"  -f, --format=text|json  default text\n"
	"  -o, --output=FILE       write there instead of standard output\n"
	"      --program=PATTERN   only programs of that name (* and ? as in the shell)\n"
	"      --lines             call sites in different lines are different\n"
	"      --from=MARK --to=MARK --warmup=N\n"
	"                          only this phase of recordings, as in vmatrace check\n"
	"      --symbols=DIR       look for modules and .build-id/ files here as well\n"
	"  -h, --help\n";

static int usage(const char *problem, const char *what)
{
	vmt_message("%s%s; vmatrace diff --help tells how.", problem, what);
	return VMT_EXIT_USAGE;
}

/* 0, or the exit status of a bad option. */
static int set_option(struct request *request, int option, char *value)
{
	char *end;

	switch (option) {
	case 'f':
		request->json = !strcmp(value, "json");
		return request->json || !strcmp(value, "text") ? 0 :
			       usage("there is no format ", value);
	case 'w':
		request->options.phase.warmup = strtoull(value, &end, 10);
		return *end || *value == '-' || end == value ? usage("not a number: ", value) : 0;
	case 'o': request->output = value; break;
	case 'p': request->options.program = value; break;
	case 'l': request->options.with_lines = true; break;
	case 'F': request->options.phase.from = value; break;
	case 'T': request->options.phase.to = value; break;
	default: request->options.symbols = value; break;
	}
	return 0;
}

/* -1: go on; otherwise the exit status. */
static int parse(int argc, char **argv, struct request *request)
{
	static const struct option options[] = {
		{ "format", required_argument, NULL, 'f' },
		{ "output", required_argument, NULL, 'o' },
		{ "program", required_argument, NULL, 'p' },
		{ "lines", no_argument, NULL, 'l' },
		{ "from", required_argument, NULL, 'F' },
		{ "to", required_argument, NULL, 'T' },
		{ "warmup", required_argument, NULL, 'w' },
		{ "symbols", required_argument, NULL, 's' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	int option;
	int ret;

	while ((option = getopt_long(argc, argv, ":f:o:h", options, NULL)) != -1) {
		if (option == 'h') {
			fputs(help, stdout);
			return 0;
		}
		if (option == '?' || option == ':')
			return usage(option == ':' ? "no value after " : "unknown option ",
				     argv[optind - 1]);
		ret = set_option(request, option, optarg);
		if (ret)
			return ret;
	}
	if (request->options.phase.warmup && !request->options.phase.from)
		return usage("--warmup needs --from, the mark that begins a round", "");
	return argc - optind == 2 ? -1 : usage("two things to compare are needed", "");
}

static int write_all(const struct request *request, const struct vmt_comparison *comparison)
{
	FILE *stream = request->output ? fopen(request->output, "we") : stdout;
	int ret = stream ? 0 : -errno;

	if (stream && request->json)
		ret = vmt_compare_json(stream, comparison);
	else if (stream)
		vmt_compare_text(stream, comparison);
	if (stream && (fflush(stream) || ferror(stream)) && !ret)
		ret = errno ? -errno : -EIO;
	if (stream && stream != stdout)
		fclose(stream);
	if (!ret)
		return 0;
	vmt_message("cannot write to %s: %s", request->output ? request->output : "standard output",
		    strerror(-ret));
	return VMT_EXIT_FAILED;
}

int vmt_cmd_diff(int argc, char **argv)
{
	struct vmt_census before = { .programs = NULL };
	struct vmt_census after = { .programs = NULL };
	struct request request = { .output = NULL };
	struct vmt_comparison comparison;
	int status = parse(argc, argv, &request);

	if (status >= 0)
		return status;
	status = vmt_compare_load_any(argv[optind], &request.options, &before);
	if (!status)
		status = vmt_compare_load_any(argv[optind + 1], &request.options, &after);
	if (!status) {
		vmt_compare(&before, &after, &comparison);
		status = write_all(&request, &comparison);
		vmt_compare_free(&comparison);
	}
	vmt_census_free(&before);
	vmt_census_free(&after);
	return status;
}
