/* SPDX-License-Identifier: MIT */
/*
 * vmatrace report: turns recordings into text, JSON or the formats of viewers. The library starts
 * this at exit, too (with --fd), so that names are looked up outside the traced process.
 */
#include "cmd/arguments.h"
#include "cmd/commands.h"
#include "input/debuginfod.h"
#include "input/live.h"
#include "combine/combine.h"
#include "report/print.h"
#include "util/message.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

enum {
	OPTION_CUT = 256,
	OPTION_SYMBOLS,
	OPTION_COLOUR,
	OPTION_DEBUGINFOD,
	OPTION_FD,
	OPTION_VALUE,
	OPTION_MERGE,
	OPTION_PROGRAM,
};

struct request {
	struct vmt_print_options print;
	const char *output;
	const char *program; /* with merge */
	enum vmt_picture_colour colour;
	int fd;
	bool merge;
};

static const char help[] =
	"Usage: vmatrace report [OPTIONS] [DIR|FILE|PID...]\n"
	"\n"
	"Report from recordings: single files, all files of a directory (vmatrace.data if none\n"
	"is given), or the recording of a running process. For several processes, print a\n"
	"tree first, then one process in detail; with --merge, print all recordings of a\n"
	"program as one.\n"
	"\n"
	"  -f, --format=FORMAT     text (the default); html, a page with pictures for a\n"
	"                          browser; json, with everything and all call sites\n"
	"                          (doc/report.schema.json); folded stacks for flamegraph.pl\n"
	"                          and inferno; speedscope; pprof; chrome, a trace for\n"
	"                          Perfetto; openmetrics for Prometheus; csv\n"
	"      --value=WHAT        what folded counts, and speedscope and pprof show first: live\n"
	"                          (the default), peak, created, split, merged or bytes\n"
	"  -o, --output=FILE       write there instead of standard output\n"
	"  -p, --pid=PID           show this process (default in text and html: the one\n"
	"                          with the highest peak, or its ancestor if most of these\n"
	"                          maps are inherited; json always shows all)\n"
	"  -s, --sort=KEY          live, net, peak (live at the peak), calls, created or split\n"
	"  -b, --by=WHAT           a row for each line (place and system call, the default),\n"
	"                          site (whole stack), function, module or call\n"
	"      --cut               count each map for the call site that mapped it, and name\n"
	"                          those that cut it; by default, a map counts for the call\n"
	"                          site that put its start there\n"
	"  -m, --module=PART       only call sites with this module in their stack; PART is a\n"
	"                          part of its name, or a pattern with *\n"
	"  -F, --function=PART     only call sites with this function in their stack\n"
	"  -c, --call=NAME         only call sites of this system call, such as mprotect\n"
	"  -n, --top=N             rows and stacks shown in text (10)\n"
	"  -d, --depth=N           lines shown of each stack in text (8; with -v all)\n"
	"  -v, --verbose           full paths, build-ids, all frames, all counters\n"
	"      --merge             add up the recordings of a program, from any number of\n"
	"                          directories and machines, in text, json, or folded with live\n"
	"                          or peak; call sites are matched as in diff, and each is shown\n"
	"                          with the number of recordings in which it has maps, and its\n"
	"                          most in one\n"
	"      --program=NAME      with --merge, this program instead of the one with the most\n"
	"                          maps\n"
	"      --symbols=DIR       look for modules, .build-id/ and perf-PID.map files here as\n"
	"                          well; /usr/lib/debug is always used, and for generated\n"
	"                          code /tmp/perf-PID.map, as by node --perf-basic-prof\n"
	"                          --interpreted-frames-native-stack\n"
	"      --debuginfod        query the servers of DEBUGINFOD_URLS as well, for at most a\n"
	"                          minute\n"
	"      --color[=WHEN]      always (print the summary in bold), never, or auto (the\n"
	"                          default): a terminal's picture of the address space has\n"
	"                          colours, unless NO_COLOR is set\n"
	"      --fd=N              read the recording that is open as descriptor N\n"
	"  -h, --help\n"
	"\n"
	"The options from --sort to --depth choose what the text report shows; the other formats\n"
	"and --merge have all call sites, and do not take --sort to --call.\n"
	"\n"
	"The exit status is 2 for a file that is not a recording or an output that cannot be\n"
	"opened, 125 if the report cannot be written.\n";

static const char *set_number(struct request *request, int option, const char *value)
{
	uint64_t number;

	if (!vmt_arguments_number(value, INT_MAX, &number))
		return "not a number: ";
	if ((option == 'n' || option == 'd') && !number)
		return "at least 1 is shown, not ";
	if (option == 'n')
		request->print.top = number;
	else if (option == 'd')
		request->print.depth = (uint32_t)number;
	else if (option == 'p')
		request->print.pid = (uint32_t)number;
	else
		request->fd = (int)number;
	return NULL;
}

static const char *set_report_option(void *context, int option, char *value)
{
	struct request *request = context;
	struct vmt_print_options *print = &request->print;

	switch (option) {
	case 'f':
		return vmt_print_format(value, &print->format) ? NULL :
								 "the format is " VMT_PRINT_FORMATS
								 ", not ";
	case OPTION_VALUE:
		return vmt_export_value(value, &print->value) ?
			       NULL :
			       "the value is live, peak, created, split, merged or bytes, not ";
	case 's':
		return vmt_rows_sort(value, &print->rows.sort) ?
			       NULL :
			       "rows are sorted by live, net, peak, calls, created or split, not "
			       "by ";
	case 'b':
		return vmt_rows_by(value, &print->rows.by) ?
			       NULL :
			       "rows are by line, site, function, module or call, not by ";
	case 'o': request->output = value; break;
	case 'm': print->rows.module = value; break;
	case 'F': print->rows.function = value; break;
	case 'c': print->rows.call = value; break;
	case 'v': print->verbose = true; break;
	case OPTION_SYMBOLS: print->symbols = value; break;
	case OPTION_COLOUR:
		if (value && !vmt_picture_colour(value, &request->colour))
			return "colours are auto, always or never, not ";
		if (!value)
			request->colour = VMT_PICTURE_COLOUR_ALWAYS;
		print->colour = request->colour == VMT_PICTURE_COLOUR_ALWAYS;
		break;
	case OPTION_DEBUGINFOD: vmt_debuginfod_allow(true); break;
	case OPTION_CUT: print->rows.cut = true; break;
	case OPTION_MERGE: request->merge = true; break;
	case OPTION_PROGRAM: request->program = value; break;
	default: return set_number(request, option, value);
	}
	return NULL;
}

static const struct option long_options[] = {
	{ "format", required_argument, NULL, 'f' },
	{ "output", required_argument, NULL, 'o' },
	{ "pid", required_argument, NULL, 'p' },
	{ "sort", required_argument, NULL, 's' },
	{ "by", required_argument, NULL, 'b' },
	{ "cut", no_argument, NULL, OPTION_CUT },
	{ "module", required_argument, NULL, 'm' },
	{ "function", required_argument, NULL, 'F' },
	{ "call", required_argument, NULL, 'c' },
	{ "top", required_argument, NULL, 'n' },
	{ "depth", required_argument, NULL, 'd' },
	{ "verbose", no_argument, NULL, 'v' },
	{ "symbols", required_argument, NULL, OPTION_SYMBOLS },
	{ "color", optional_argument, NULL, OPTION_COLOUR },
	{ "debuginfod", no_argument, NULL, OPTION_DEBUGINFOD },
	{ "fd", required_argument, NULL, OPTION_FD },
	{ "value", required_argument, NULL, OPTION_VALUE },
	{ "merge", no_argument, NULL, OPTION_MERGE },
	{ "program", required_argument, NULL, OPTION_PROGRAM },
	{ "help", no_argument, NULL, 'h' },
	{ NULL, 0, NULL, 0 },
};

static const struct vmt_arguments arguments = {
	"report", help, ":f:o:p:s:b:m:F:c:n:d:vh", long_options, set_report_option,
};

/* Where vmatrace run records, unless told otherwise. */
static char *default_path = (char[]){ "vmatrace.data" };

/* Refuse what --merge cannot do. Returns -1 if there is nothing, otherwise the exit status. */
static int refuse_merge(const struct request *request)
{
	enum vmt_export_value value = request->print.value;

	if (request->print.format != VMT_FORMAT_TEXT && request->print.format != VMT_FORMAT_JSON &&
	    request->print.format != VMT_FORMAT_FOLDED)
		return vmt_arguments_refuse(
			&arguments, "--merge writes text, json or folded, not other formats", "");
	if (request->print.format == VMT_FORMAT_FOLDED && value != VMT_EXPORT_LIVE &&
	    value != VMT_EXPORT_PEAK)
		return vmt_arguments_refuse(&arguments, "--merge counts live or peak, not ",
					    vmt_export_value_name(value));
	if (request->fd >= 0)
		return vmt_arguments_refuse(&arguments, "--merge does not take --fd", "");
	return -1;
}

/* Does an option ask for rows that only the text report has? */
static bool chooses_rows(const struct vmt_rows_options *rows)
{
	return rows->by || rows->sort || rows->cut || rows->module || rows->function || rows->call;
}

/* Returns -1 to go on; otherwise the exit status. */
static int parse_report(int argc, char **argv, struct request *request)
{
	int status = vmt_arguments_parse(&arguments, argc, argv, request);

	if (status < 0 && optind == argc && request->fd < 0 && access(default_path, F_OK))
		return vmt_arguments_refuse(
			&arguments, "no recording given, and there is no vmatrace.data", "");
	if (status < 0 && request->program && !request->merge)
		return vmt_arguments_refuse(&arguments, "--program needs --merge", "");
	if (status < 0 && request->merge)
		status = refuse_merge(request);
	if (status < 0 && (request->merge || request->print.format != VMT_FORMAT_TEXT) &&
	    chooses_rows(&request->print.rows))
		return vmt_arguments_refuse(
			&arguments,
			"--sort, --by, --cut, --module, --function and --call choose rows of the "
			"text report; other formats and --merge have all call sites",
			"");
	if (status >= 0 || request->output || !isatty(STDOUT_FILENO))
		return status;
	if (request->print.format == VMT_FORMAT_PPROF)
		return vmt_arguments_refuse(
			&arguments, "pprof's format is not for terminals: name a file with -o", "");
	if (request->print.format == VMT_FORMAT_HTML)
		return vmt_arguments_refuse(
			&arguments, "a page of HTML is not for terminals: name a file with -o", "");
	return status;
}

/* Is the requested process among the recordings? If not, a message says so. */
static bool has_pid(const struct vmt_recordings *recordings, uint32_t pid)
{
	for (size_t i = 0; i < recordings->count; i++) {
		if (recordings->item[i].view.header.pid == pid)
			return true;
	}
	if (pid)
		vmt_message(
			"there is no recording of process %u; leave out --pid to see which there "
			"are.",
			pid);
	return !pid;
}

/* Returns NULL after a message. */
static FILE *open_output(const struct request *request)
{
	FILE *stream = request->output ? fopen(request->output, "we") : stdout;

	if (!stream)
		vmt_message("%s: %s", request->output, strerror(errno));
	return stream;
}

/* ret: what writing returned. Returns the exit status. */
static int close_output(const struct request *request, FILE *stream, int ret)
{
	if (request->output && fclose(stream) && !ret)
		ret = -errno;
	if (!ret)
		return 0;
	if (request->output)
		vmt_message_give_up(request->output);
	vmt_message("cannot write the report to %s: %s",
		    request->output ? request->output : "standard output", strerror(-ret));
	return VMT_EXIT_FAILED;
}

static int print_all(struct request *request, const struct vmt_recordings *recordings)
{
	FILE *stream = open_output(request);

	/* What the library prints at the end of a program stays what its log file has. */
	if (stream && request->fd < 0)
		request->print.picture = vmt_picture_style_of(stream, request->colour);

	if (!stream)
		return VMT_EXIT_USAGE;
	return close_output(request, stream, vmt_print(stream, recordings, &request->print));
}

static int print_merged(const struct request *request, const struct vmt_combine *combine)
{
	const struct vmt_combine_program *program = vmt_combine_find(combine, request->program);
	FILE *stream;
	int ret;

	if (!program && request->program) {
		vmt_message(
			"no recording is of a program named %s; leave out --program to see which "
			"there are.",
			request->program);
		return VMT_EXIT_USAGE;
	}
	if (!program)
		return VMT_EXIT_USAGE; /* a message has said why nothing could be read */
	stream = open_output(request);
	if (!stream)
		return VMT_EXIT_USAGE;
	if (request->print.format == VMT_FORMAT_JSON)
		ret = vmt_combine_json(stream, combine);
	else if (request->print.format == VMT_FORMAT_FOLDED)
		ret = vmt_combine_folded(stream, combine, request->program, request->print.value);
	else
		ret = vmt_combine_text(stream, combine, program, request->print.top,
				       request->print.depth);
	return close_output(request, stream, ret);
}

static int report_merged(const struct request *request, char **path, size_t count)
{
	struct vmt_combine combine;
	int ret = vmt_combine_read(&combine, path, count, request->print.symbols);
	int status = print_merged(request, &combine);

	vmt_combine_free(&combine);
	return status ? status : ret ? VMT_EXIT_USAGE : 0;
}

int vmt_cmd_report(int argc, char **argv)
{
	struct request request = { .print.format = VMT_FORMAT_TEXT, .fd = -1 };
	struct vmt_recordings recordings = { NULL, 0 };
	int status = parse_report(argc, argv, &request);
	bool is_bad = false;
	int first;

	if (status >= 0)
		return status;
	if (request.merge && optind == argc)
		return report_merged(&request, &default_path, 1);
	if (request.merge)
		return report_merged(&request, argv + optind, (size_t)(argc - optind));
	if (request.fd >= 0)
		is_bad |= vmt_load_fd(&recordings, request.fd) != 0;
	else if (optind == argc)
		is_bad |= vmt_live_load(&recordings, default_path) != 0;
	first = optind;
	for (; optind < argc; optind++)
		is_bad |= vmt_live_load(&recordings, argv[optind]) != 0;
	if (recordings.count && !has_pid(&recordings, request.print.pid))
		is_bad = true;
	else
		status = recordings.count ? print_all(&request, &recordings) : 0;
	for (; first < argc && request.print.format == VMT_FORMAT_TEXT; first++)
		vmt_live_tell_children(argv[first]);
	vmt_load_free(&recordings);
	return status > 0 ? status : is_bad ? VMT_EXIT_USAGE : 0;
}
