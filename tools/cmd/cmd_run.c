/* SPDX-License-Identifier: MIT */
/*
 * vmatrace run: starts a program with the library, waits for it, and prints the report. To its
 * caller the tool behaves as the program would: same streams, same signals, same status.
 */
#include "cmd/arguments.h"
#include "cmd/commands.h"
#include "core/base/options.h"
#include "core/report/report.h"
#include "input/load.h"
#include "report/print.h"
#include "run/cgroup.h"
#include "run/ending.h"
#include "run/launch.h"
#include "run/outdir.h"
#include "run/logpath.h"
#include "run/target.h"
#include "try/setting.h"
#include "util/lines.h"
#include "util/message.h"
#include "util/must.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

struct request {
	struct vmt_print_options print;
	const char *directory;
	const char *output;
	char *options; /* for VMATRACE_OPTIONS */
	char **command;
};

static const char help[] =
	"Usage: vmatrace run [OPTIONS] [--] PROGRAM [ARGUMENTS...]\n"
	"\n"
	"Run PROGRAM, record its memory maps and those of its children, and report on\n"
	"PROGRAM when it ends, or on the program with more maps that is the only one it has\n"
	"started, as timeout does. The status is PROGRAM's own (128+N for signal N).\n"
	"\n"
	"  -o, --output=DIR             add the recordings to this directory; the default is a\n"
	"                               new vmatrace.data, and an older one is renamed to\n"
	"                               vmatrace.data.old\n"
	"  -r, --report=FORMAT          format of the report on standard error at the end: text\n"
	"                               (the default; also printed at the limit of maps, with\n"
	"                               lines before), none, or another of report --format\n"
	"      --report-file=FILE       write the report to FILE instead; at the limit, and\n"
	"                               before, there are lines on standard error\n"
	"  -O, --option=KEY=VALUE       an option for the library (VMATRACE_OPTIONS=help=1\n"
	"                               lists them); may be repeated\n"
	"      --try=NAME,...           with remedies in effect: see vmatrace try\n"
	"  -n, --top=N                  call sites shown (10)\n"
	"  -d, --depth=N                lines shown of each stack (8)\n"
	"  -v, --verbose                full paths, build-ids, frames below main\n"
	"  -h, --help\n";

/*
 * Append ":text", or just text if the list is empty. Without memory the tool exits; nothing runs
 * yet.
 */
static void append_argument(char **list, const char *text)
{
	char *longer = vmt_must_format("%s%s%s", *list ? *list : "", *list ? ":" : "", text);

	free(*list);
	*list = longer;
}

static void ignore_complaint(void *context, const char *message)
{
	(void)context;
	(void)message; /* the library, which gets the same text, complains itself */
}

/* In the environment, unless it has 1 or 2; the library leaves out what overrides it. */
static void limit_arenas(void)
{
	static const struct vmt_setting two = { "MALLOC_ARENA_MAX", "glibc.malloc.arena_max", "2" };
	char *now = vmt_setting_now(&two);

	if (!now || strtoul(now, NULL, 0) - 1 > 1)
		vmt_setting_make(&two, NULL);
	free(now);
}

static const char *set_try(struct request *request, const char *value)
{
	const struct vmt_options_ops ops = { .complain = ignore_complaint };
	struct vmt_options options;
	char *text = vmt_must_format("try=%s", value);
	bool is_good;

	vmt_options_init(&options);
	is_good = !strchr(value, ':') && !vmt_options_parse(&options, text, &ops);
	if (is_good)
		append_argument(&request->options, text);
	if (is_good && strstr(value, "arenas"))
		limit_arenas();
	free(text);
	return is_good ? NULL :
			 "remedies that run can try are guards, names, advice, locks, policy, "
			 "noreserve, decommit, holes, stacks, arenas, not ";
}

static const char *set_run_option(void *context, int option, char *value)
{
	struct request *request = context;
	uint64_t number;

	switch (option) {
	case 'o': request->directory = value; return NULL;
	case 'r':
		return vmt_print_format(value, &request->print.format) ?
			       NULL :
			       "the report is none, " VMT_PRINT_FORMATS ", not ";
	case 'F': request->output = value; return NULL;
	case 'O':
		if (!strchr(value, '='))
			return "a library option must be KEY=VALUE, not ";
		append_argument(&request->options, value);
		return NULL;
	case 'T': return set_try(request, value);
	case 'v': request->print.verbose = true; return NULL;
	default: break;
	}
	if (!vmt_arguments_number(value, INT_MAX, &number))
		return "not a number: ";
	if (!number)
		return "at least 1 is shown, not ";
	if (option == 'n')
		request->print.top = number;
	else
		request->print.depth = (uint32_t)number;
	return NULL;
}

static const struct option long_options[] = {
	{ "output", required_argument, NULL, 'o' },
	{ "report", required_argument, NULL, 'r' },
	{ "report-file", required_argument, NULL, 'F' },
	{ "option", required_argument, NULL, 'O' },
	{ "try", required_argument, NULL, 'T' },
	{ "top", required_argument, NULL, 'n' },
	{ "depth", required_argument, NULL, 'd' },
	{ "verbose", no_argument, NULL, 'v' },
	{ "help", no_argument, NULL, 'h' },
	{ NULL, 0, NULL, 0 },
};

/* The "+" stops parsing at the program, whose options are its own. */
static const struct vmt_arguments arguments = {
	"run", help, "+:o:r:O:n:d:vh", long_options, set_run_option,
};

/* Returns -1 to go on; otherwise the exit status. */
static int parse_run(int argc, char **argv, struct request *request)
{
	int status = vmt_arguments_parse(&arguments, argc, argv, request);

	if (status < 0 && optind == argc)
		return vmt_arguments_refuse(&arguments, "no program given", "");
	if (status < 0 && request->print.format == VMT_FORMAT_PPROF && !request->output &&
	    isatty(STDERR_FILENO))
		return vmt_arguments_refuse(
			&arguments,
			"pprof's format is not for terminals: name a file with --report-file", "");
	request->command = argv + optind;
	return status;
}

/* What cannot be made is complained of when the directory itself cannot be made either. */
static void make_parents(const char *name)
{
	char *copy = vmt_must_copy(name);

	for (char *at = copy; (at = strchr(at + 1, '/'));) {
		*at = '\0';
		(void)mkdir(copy, 0777);
		*at = '/';
	}
	free(copy);
}

/*
 * Make the directory and its parents if they are missing, and get its absolute path, since the
 * program may change its own.
 */
static int make_directory(const char *name, char real[PATH_MAX])
{
	if (*name)
		make_parents(name);
	if (mkdir(name, 0777) && errno != EEXIST) {
		vmt_message("cannot make the directory %s: %s; name another with -o.", name,
			    strerror(errno));
		return VMT_EXIT_FAILED;
	}
	if (!realpath(name, real) || access(real, W_OK | X_OK)) {
		vmt_message("cannot write to the directory %s: %s; name another with -o.", name,
			    strerror(errno));
		return VMT_EXIT_FAILED;
	}
	if (strlen(real) < 256 && !strpbrk(real, ":"))
		return 0;
	vmt_message("%s is too long or has a colon in it; name another directory with -o.", real);
	return VMT_EXIT_FAILED;
}

/* Open the report's destination: --report-file, the library's log_path, or standard error. */
static FILE *open_report(const struct request *request, pid_t pid)
{
	const struct vmt_options_ops ops = { .complain = ignore_complaint };
	struct vmt_options options;

	if (request->output)
		return fopen(request->output, "we");
	vmt_options_init(&options);
	vmt_options_parse(&options, getenv("VMATRACE_OPTIONS"), &ops);
	return options.log_path[0] ? vmt_logpath_open(options.log_path, pid) : stderr;
}

static bool has_reached_limit(const struct vmt_recordings *recordings)
{
	for (size_t i = 0; i < recordings->count; i++) {
		if (vmt_report_is_limit_reached(&recordings->item[i].view))
			return true;
	}
	return false;
}

static int print_report(const struct request *request, const struct vmt_recordings *recordings,
			pid_t pid)
{
	FILE *stream = open_report(request, pid);
	int ret;

	if (!stream)
		return -errno;
	if (request->print.format == VMT_FORMAT_TEXT && !request->output &&
	    has_reached_limit(recordings))
		fprintf(stream,
			"vmatrace: this second report is of the end; the first one is of the "
			"moment when the limit was reached\n");
	ret = vmt_print(stream, recordings, &request->print);
	if (stream != stderr && fclose(stream) && !ret)
		ret = -errno;
	return ret;
}

/* The program of interest may be one that a shell or a build tool has started. */
static void tell_others(const struct request *request, pid_t pid,
			const struct vmt_outdir_others *others)
{
	struct vmt_number peak;

	if (!others->count)
		return;
	if (others->shown != pid)
		vmt_message("the report is about process %d, which %s has started: vmatrace report "
			    "--pid=%d %s shows that one",
			    (int)others->shown, request->command[0], (int)pid, request->directory);
	else
		vmt_message("%zu more recording%s, up to %s maps: vmatrace report %s",
			    others->count, others->count == 1 ? "" : "s",
			    vmt_lines_number(&peak, others->peak), request->directory);
	if (others->limited)
		vmt_message("process %d reached the limit of maps: vmatrace report --pid=%d %s",
			    (int)others->limited, (int)others->limited, request->directory);
}

static void tell_running(const struct request *request, const char *directory, uint64_t since)
{
	size_t count = vmt_outdir_running(directory, since);

	/* None is named, since it may be about to end, as the parent of a daemon is. */
	if (count)
		vmt_message("%zu process%s that it started still run%s: vmatrace top %s now, "
			    "vmatrace report %s at the end",
			    count, count == 1 ? "" : "es", count == 1 ? "s" : "",
			    request->directory, request->directory);
}

/*
 * What ran out may have been something else than maps. Other programs of the group may have met
 * the limit as well, so this is said of the group.
 */
static void tell_limits(const struct vmt_cgroup *before)
{
	struct vmt_cgroup after;
	uint64_t refused;

	vmt_cgroup_read(&after);
	refused = vmt_cgroup_refused(before, &after);
	if (refused)
		vmt_message("while it ran, the limit on tasks (pids.max) of its control group "
			    "refused %llu of them (pthread_create or fork: EAGAIN); maps are not "
			    "the reason for that.",
			    (unsigned long long)refused);
	if (after.killed > before->killed)
		vmt_message("while it ran, the kernel killed %llu of the processes of its control "
			    "group for lack of memory (memory.max, or the machine's); maps are "
			    "not the reason for that.",
			    (unsigned long long)(after.killed - before->killed));
}

static void report(const struct request *request, const char *directory, pid_t pid, uint64_t since,
		   int status)
{
	struct vmt_recordings recordings = { NULL, 0 };
	int ret = vmt_load_process(&recordings, directory, pid, since);
	struct vmt_outdir_others others;

	if (ret == -ENOENT)
		vmt_message(
			"%s left no recording in %s; if the library has not said why, LD_PRELOAD "
			"was removed from its environment.",
			request->command[0], request->directory);
	for (size_t i = 0; i < recordings.count; i++)
		vmt_ending_write(recordings.item[i].name, status);
	vmt_load_free(&recordings);
	vmt_load_tell_lost(directory, since, NULL, NULL);
	if (ret)
		return;
	vmt_outdir_others(directory, pid, since, &others);
	/* Load it again, since the view is from before the end was written. */
	ret = vmt_load_process(&recordings, directory, others.shown, since);
	if (request->print.format == VMT_FORMAT_NONE) {
		/* A program that was not traced is a surprise without a report as well. */
		vmt_outdir_tell_untraced(&others);
		vmt_load_free(&recordings);
		return;
	}
	if (!ret)
		ret = print_report(request, &recordings, pid);
	if (ret)
		vmt_message("cannot write the report%s%s: %s", request->output ? " to " : "",
			    request->output ? request->output : "", strerror(-ret));
	else if (request->print.format == VMT_FORMAT_TEXT)
		tell_others(request, pid, &others);
	tell_running(request, directory, since);
	vmt_outdir_tell_untraced(&others);
	vmt_load_free(&recordings);
}

/*
 * At the limit the library prints a report at once, since a service may live on for days. What goes
 * elsewhere than that of the end, or is of another format, gets a line on standard error at most.
 */
static const char *reports_early(const struct request *request)
{
	if (request->print.format == VMT_FORMAT_NONE)
		return "0";
	if (request->output)
		return "lines";
	return request->print.format == VMT_FORMAT_TEXT ? "limit" : "0";
}

static int run(struct request *request, const char *path)
{
	char directory[PATH_MAX];
	struct vmt_cgroup cgroup;
	struct timespec now;
	pid_t pid = 0;
	int wait_status = 0;
	int ret;

	if (!request->directory) {
		request->directory = "vmatrace.data";
		vmt_outdir_set_aside(request->directory);
	}
	ret = make_directory(request->directory, directory);
	if (!ret)
		ret = vmt_launch_environment(directory, reports_early(request), request->options);
	if (ret)
		return ret;
	vmt_launch_admit_others(directory);
	vmt_cgroup_read(&cgroup);
	clock_gettime(CLOCK_REALTIME, &now);
	ret = vmt_launch_child(path, request->command, &pid, &wait_status);
	if (ret)
		return ret;
	report(request, directory, pid, (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec,
	       wait_status);
	vmt_launch_dismiss_others(directory);
	if (request->print.format != VMT_FORMAT_NONE)
		tell_limits(&cgroup);
	return vmt_launch_status(wait_status);
}

int vmt_cmd_run(int argc, char **argv)
{
	struct request request = {
		.print.format = VMT_FORMAT_TEXT,
	};
	static struct vmt_target target;
	int status = parse_run(argc, argv, &request);

	if (status < 0) {
		status = vmt_target_check(request.command[0], &target);
		if (status)
			vmt_message("%s", target.problem);
		else
			status = run(&request, target.path);
	}
	free(request.options);
	return status;
}
