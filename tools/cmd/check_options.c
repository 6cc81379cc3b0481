/* SPDX-License-Identifier: MIT */
/*
 * Parses the options of check, and decides which limits apply if none is given: with a baseline, no
 * call site may grow; with a phase, the number of maps may not. See check_options.h.
 */
#include "cmd/arguments.h"
#include "cmd/check_options.h"
#include "input/debuginfod.h"

#include <limits.h>
#include <string.h>

static const char help[] =
	"Usage: vmatrace check [OPTIONS] DIR|FILE...\n"
	"       vmatrace check [OPTIONS] -- PROGRAM [ARGUMENTS...]\n"
	"\n"
	"Fail when a program's memory maps exceed a limit. vmatrace compares the live maps of\n"
	"each call site; a call site is a system call and the names of the functions on its\n"
	"stack. Every process is judged separately; if several run the same program, the greatest\n"
	"value counts.\n"
	"\n"
	"Limits (values up to and including N pass; N% is relative to the baseline's value)\n"
	"      --max-maps=N         maps at the end of a process, or at the mark --to\n"
	"      --max-peak=N         maps at any moment\n"
	"      --max-growth=N|N%    growth since the start (per cent of the maps at the\n"
	"                           start), since --from, or beyond the baseline's growth;\n"
	"                           the heap's first map does not count\n"
	"      --per-site=N|N%      growth of each call site\n"
	"      --allow-unseen=N     maps that were changed by calls that were not seen; without\n"
	"                           this option, those left behind count as a call site\n"
	"      --allow-uncompared=N processes whose maps were not compared with the kernel's at\n"
	"                           their end, or differed: killed, not recorded, or became a\n"
	"                           program that is not traced (default 0)\n"
	"\n"
	"With --baseline and no limits on growth, --per-site=0 holds for programs that hold more\n"
	"maps in total than in the baseline. The total counts because random addresses decide\n"
	"which neighbours merge (up to 4 fewer merges are tolerated) and which call site holds\n"
	"the merged map. It holds as well where fork children gained more than any of the\n"
	"baseline since the fork: one of them over 16 maps more, or each of four or more over 4;\n"
	"so much at least is allowed with --max-growth=N, too. What a call site gained in them is\n"
	"compared even if the parent holds more of it.\n"
	"If a program's maps vary for other reasons (threads, hash seeds), set a\n"
	"tolerance, such as two maps for each thread (--per-site=16 for eight). A baseline of\n"
	"several runs may do with less: repeat vmatrace run -o DIR, then check --save=FILE DIR\n"
	"keeps the greatest value of each. --from or --to alone means --max-growth=0.\n"
	"\n"
	"Baselines\n"
	"      --baseline=FILE      compare with this; programs missing from it are only named\n"
	"      --require-baseline   fail for a program that is missing from it\n"
	"      --save=FILE          write one (sorted JSON); no limit is needed\n"
	"      --test=NAME          what this test is called: saved with the baseline, and that of\n"
	"                           another test is neither used nor replaced (status 2)\n"
	"      --lines              distinguish call sites by line number\n"
	"      --program=PATTERN    judge only programs with that name (* and ?), or with a slash\n"
	"                           in it, at that path or end of a path\n"
	"\n"
	"Phases (VMATRACE_MARK(\"NAME\") of vmatrace.h makes marks, up to 1,024 of them)\n"
	"      --from=MARK          count from the first mark with that name…\n"
	"      --to=MARK            …to the last mark with that name, instead of to the end\n"
	"      --warmup=N           skip the first N marks of --from\n"
	"\n"
	"Suppressions, a line each: TYPE:PATTERN, # comments. PATTERN is matched against the\n"
	"function, file, FILE:LINE and module of every frame, so that a function's name covers\n"
	"all that it calls; * matches anything, ^ the beginning and $ the end; ^INNER$ in ^OUTER$\n"
	"is for stacks with both frames, and ^INNER$ by ^CALLER$ where the project's function\n"
	"CALLER calls INNER. Types: vma, split (maps cut out of others), stack (thread stacks),\n"
	"file (file maps).\n"
	"A program may contain some: const char vmatrace_default_suppressions[] = \"...\";\n"
	"      --suppressions=FILE\n"
	"      --generate-suppressions[=FILE]\n"
	"                           print lines that would make this check pass\n"
	"\n"
	"Output\n"
	"  -f, --format=text|json|junit|sarif|github   (text)\n"
	"  -o, --output=FILE        write the format there; the text then goes to the log;\n"
	"                           without it a PROGRAM's verdict is on standard error\n"
	"      --exitcode=N         status when a limit is exceeded (23)\n"
	"      --exitcode-first     the same status if PROGRAM failed by itself, and if nothing\n"
	"                           could be judged: for a test that is meant to fail\n"
	"      --symbols=DIR        look for modules and .build-id/ files here as well\n"
	"      --debuginfod         query the servers of DEBUGINFOD_URLS as well\n"
	"  -h, --help\n"
	"\n"
	"Status: 0 passed, 23 failed, 2 bad usage, bad files or nothing traced, 125 vmatrace "
	"itself\n"
	"failed; PROGRAM's own status if it is not 0. Recordings of PROGRAM go to a temporary\n"
	"directory; use vmatrace run to keep them. The verdict goes to standard output, or to\n"
	"standard error when a PROGRAM is run.\n"
	"With --format=github a table is appended to $GITHUB_STEP_SUMMARY.\n";

enum {
	OPTION_LIMIT = 256, /* plus enum vmt_rule */
	OPTION_BASELINE = 300,
	OPTION_REQUIRE,
	OPTION_SAVE,
	OPTION_TEST,
	OPTION_LINES,
	OPTION_PROGRAM,
	OPTION_FROM,
	OPTION_TO,
	OPTION_WARMUP,
	OPTION_SUPPRESSIONS,
	OPTION_GENERATE,
	OPTION_EXITCODE,
	OPTION_EXITCODE_FIRST,
	OPTION_SYMBOLS,
	OPTION_DEBUGINFOD,
};

static const struct option options[] = {
	{ "max-maps", required_argument, NULL, OPTION_LIMIT + VMT_RULE_MAX_MAPS },
	{ "max-peak", required_argument, NULL, OPTION_LIMIT + VMT_RULE_MAX_PEAK },
	{ "max-growth", required_argument, NULL, OPTION_LIMIT + VMT_RULE_MAX_GROWTH },
	{ "per-site", required_argument, NULL, OPTION_LIMIT + VMT_RULE_PER_SITE },
	{ "allow-unseen", required_argument, NULL, OPTION_LIMIT + VMT_RULE_UNSEEN },
	{ "allow-uncompared", required_argument, NULL, OPTION_LIMIT + VMT_RULE_UNCOMPARED },
	{ "baseline", required_argument, NULL, OPTION_BASELINE },
	{ "require-baseline", no_argument, NULL, OPTION_REQUIRE },
	{ "save", required_argument, NULL, OPTION_SAVE },
	{ "test", required_argument, NULL, OPTION_TEST },
	{ "lines", no_argument, NULL, OPTION_LINES },
	{ "program", required_argument, NULL, OPTION_PROGRAM },
	{ "from", required_argument, NULL, OPTION_FROM },
	{ "to", required_argument, NULL, OPTION_TO },
	{ "warmup", required_argument, NULL, OPTION_WARMUP },
	{ "suppressions", required_argument, NULL, OPTION_SUPPRESSIONS },
	{ "generate-suppressions", optional_argument, NULL, OPTION_GENERATE },
	{ "format", required_argument, NULL, 'f' },
	{ "output", required_argument, NULL, 'o' },
	{ "exitcode", required_argument, NULL, OPTION_EXITCODE },
	{ "exitcode-first", no_argument, NULL, OPTION_EXITCODE_FIRST },
	{ "symbols", required_argument, NULL, OPTION_SYMBOLS },
	{ "debuginfod", no_argument, NULL, OPTION_DEBUGINFOD },
	{ "help", no_argument, NULL, 'h' },
	{ NULL, 0, NULL, 0 },
};

static const char *set_format(struct vmt_check *check, const char *value)
{
	static const char *const names[] = { "text", "json", "junit", "sarif", "github" };

	for (size_t i = 0; i < VMT_COUNT(names); i++) {
		if (!strcmp(value, names[i])) {
			check->format = (enum vmt_check_format)i;
			return NULL;
		}
	}
	return "the format is text, json, junit, sarif or github, not ";
}

/* Only growth has a base that a percentage can refer to. */
static const char *set_limit(struct vmt_check *check, enum vmt_rule rule, const char *value)
{
	bool has_percent = rule == VMT_RULE_MAX_GROWTH || rule == VMT_RULE_PER_SITE;

	if (!vmt_rules_parse_limit(value, &check->limit[rule]) ||
	    (check->limit[rule].is_percent && !has_percent))
		return has_percent ? "a limit must be N or N%, not " : "a limit must be N, not ";
	check->has_limits = true;
	check->summary.with_peak |= rule == VMT_RULE_MAX_PEAK;
	return NULL;
}

static const char *set_exitcode(struct vmt_check *check, const char *value)
{
	uint64_t number;

	if (!vmt_arguments_number(value, 255, &number))
		return "a status must be 0 to 255, not ";
	check->exitcode = (int)number;
	return NULL;
}

static const char *set_check_option(void *context, int option, char *value)
{
	struct vmt_check *check = context;
	struct vmt_phase *phase = &check->summary.phase;

	if (option >= OPTION_LIMIT && option < OPTION_LIMIT + VMT_RULE_COUNT)
		return set_limit(check, (enum vmt_rule)(option - OPTION_LIMIT), value);
	switch (option) {
	case 'f': return set_format(check, value);
	case OPTION_EXITCODE: return set_exitcode(check, value);
	case OPTION_EXITCODE_FIRST: check->is_exitcode_first = true; break;
	case OPTION_WARMUP:
		return vmt_arguments_number(value, INT_MAX, &phase->warmup) ? NULL :
									      "not a number: ";
	case 'o': check->output = value; break;
	case OPTION_BASELINE: check->baseline = value; break;
	case OPTION_REQUIRE: check->limit[VMT_RULE_REQUIRE_BASELINE].is_set = true; break;
	case OPTION_SAVE:
		check->save = value;
		check->summary.with_most = true;
		break;
	case OPTION_TEST: check->test = value; break;
	case OPTION_LINES: check->summary.with_lines = true; break;
	case OPTION_PROGRAM: check->summary.program = value; break;
	case OPTION_FROM: phase->from = value; break;
	case OPTION_TO: phase->to = value; break;
	case OPTION_SUPPRESSIONS: check->suppressions = value; break;
	case OPTION_GENERATE:
		check->generate = true;
		check->generate_file = value;
		break;
	case OPTION_SYMBOLS: check->summary.symbols = value; break;
	case OPTION_DEBUGINFOD: vmt_debuginfod_allow(true); break;
	default: break;
	}
	return NULL;
}

static const struct vmt_arguments arguments = {
	"check", help, ":f:o:h", options, set_check_option,
};

/* Fill in what was left out. Returns NULL, or what is missing. */
static const char *complete(struct vmt_check *check)
{
	const struct vmt_phase *phase = &check->summary.phase;
	enum vmt_rule rule = check->baseline ? VMT_RULE_PER_SITE : VMT_RULE_MAX_GROWTH;
	bool has_growth =
		check->limit[VMT_RULE_MAX_GROWTH].is_set || check->limit[VMT_RULE_PER_SITE].is_set;

	if (check->limit[VMT_RULE_REQUIRE_BASELINE].is_set && !check->baseline)
		return "--require-baseline needs --baseline=FILE";
	if (phase->warmup && !phase->from)
		return "--warmup needs --from, the mark that begins a round";
	if (check->baseline ? !has_growth :
			      !check->has_limits && (phase->from || phase->to) && !check->save) {
		check->limit[rule].is_set = true;
		check->may_move = check->baseline != NULL;
		check->has_limits = true;
	}
	if (!check->has_limits && !check->save)
		return "nothing to check: no limit, no --baseline, no --save";
	if (!check->command && !check->path_count)
		return "no recording and no program given";
	return NULL;
}

/* The arguments after "--" are a program to run, others are recordings. */
static void set_operands(struct vmt_check *check, int argc, char **argv)
{
	if (optind > 1 && !strcmp(argv[optind - 1], "--") && optind < argc) {
		check->command = argv + optind;
		return;
	}
	check->paths = argv + optind;
	check->path_count = (size_t)(argc - optind);
}

int vmt_check_parse(int argc, char **argv, struct vmt_check *ret_check)
{
	const char *problem;
	int status;

	*ret_check = (struct vmt_check){
		.exitcode = 23,
		.limit[VMT_RULE_UNCOMPARED].is_set = true,
	};
	status = vmt_arguments_parse(&arguments, argc, argv, ret_check);
	if (status >= 0)
		return status;
	set_operands(ret_check, argc, argv);
	problem = complete(ret_check);
	return problem ? vmt_arguments_refuse(&arguments, problem, "") : -1;
}
