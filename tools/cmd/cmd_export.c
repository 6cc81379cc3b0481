/* SPDX-License-Identifier: MIT */
/*
 * vmatrace export: metrics of running processes, for monitoring that goes on for weeks. It only
 * reads; the processes do not notice. Recordings in other formats are written by report.
 */
#include "cmd/arguments.h"
#include "cmd/commands.h"
#include "input/debuginfod.h"
#include "metrics/serve.h"
#include "metrics/textfile.h"
#include "util/message.h"

enum {
	OPTION_OPENMETRICS = 256,
	OPTION_LISTEN,
	OPTION_RUNNING,
	OPTION_MOST,
	OPTION_SYMBOLS,
	OPTION_DEBUGINFOD,
};

struct request {
	struct vmt_gather gather;
	const char *output;
	const char *address;
	unsigned seconds; /* 0 = once */
	bool is_openmetrics;
};

static const char help[] =
	"Usage: vmatrace export --openmetrics [OPTIONS] DIR|FILE|PID...\n"
	"       vmatrace export --openmetrics [OPTIONS] --all\n"
	"\n"
	"Metrics for Prometheus: the number of maps of each process and its limit, and of a\n"
	"traced process its calls and the call sites that hold the most maps. They are written\n"
	"once, or at intervals into a file for node_exporter's textfile collector, or served\n"
	"over HTTP. The installed doc/fleet.md has alert rules and a dashboard.\n"
	"\n"
	"      --openmetrics       the kind of metrics; there is no other yet. A file is in the\n"
	"                          text format that promtool and node_exporter read; --listen\n"
	"                          answers in OpenMetrics to clients that ask for it\n"
	"  -a, --all               all processes of this machine, traced or not, that can be\n"
	"                          read: those of the same user, or, as root, of all users\n"
	"      --most=N            with --all, only the N processes with the most maps (200)\n"
	"  -o, --output=FILE       write there instead of standard output; the file is replaced\n"
	"                          as a whole, so that nobody reads half of it\n"
	"  -i, --interval=SECONDS  write --output again at this interval until SIGTERM or\n"
	"                          SIGINT, and then remove it\n"
	"      --listen=ADDRESS:PORT\n"
	"                          serve http://ADDRESS:PORT/metrics, such as 127.0.0.1:9843;\n"
	"                          anyone who can reach the address can read it\n"
	"      --running           leave out processes that have ended; --interval and --listen\n"
	"                          always do\n"
	"  -n, --top=N             call sites of each process (10)\n"
	"      --symbols=DIR       look for modules and .build-id/ files here as well\n"
	"      --debuginfod        query the servers of DEBUGINFOD_URLS as well\n"
	"  -h, --help\n"
	"\n"
	"The exit status is 2 for bad usage, for input that cannot be read, and for an output\n"
	"or an address that cannot be opened.\n";

static const char *set_number(struct request *request, int option, const char *value)
{
	uint64_t number;

	if (!vmt_arguments_number(value, 1000000, &number) || !number)
		return "not a number from 1 to 1000000: ";
	if (option == 'i')
		request->seconds = (unsigned)number;
	else if (option == 'n')
		request->gather.top = number;
	else
		request->gather.most = number;
	return NULL;
}

static const char *set_export_option(void *context, int option, char *value)
{
	struct request *request = context;

	switch (option) {
	case OPTION_OPENMETRICS: request->is_openmetrics = true; break;
	case 'a': request->gather.is_all = true; break;
	case 'o': request->output = value; break;
	case OPTION_LISTEN: request->address = value; break;
	case OPTION_RUNNING: request->gather.only_running = true; break;
	case OPTION_SYMBOLS: request->gather.symbols = value; break;
	case OPTION_DEBUGINFOD: vmt_debuginfod_allow(true); break;
	default: return set_number(request, option, value);
	}
	return NULL;
}

static const struct option long_options[] = {
	{ "openmetrics", no_argument, NULL, OPTION_OPENMETRICS },
	{ "all", no_argument, NULL, 'a' },
	{ "most", required_argument, NULL, OPTION_MOST },
	{ "output", required_argument, NULL, 'o' },
	{ "interval", required_argument, NULL, 'i' },
	{ "listen", required_argument, NULL, OPTION_LISTEN },
	{ "running", no_argument, NULL, OPTION_RUNNING },
	{ "top", required_argument, NULL, 'n' },
	{ "symbols", required_argument, NULL, OPTION_SYMBOLS },
	{ "debuginfod", no_argument, NULL, OPTION_DEBUGINFOD },
	{ "help", no_argument, NULL, 'h' },
	{ NULL, 0, NULL, 0 },
};

static const struct vmt_arguments arguments = {
	"export", help, ":ao:i:n:h", long_options, set_export_option,
};

/* Returns what is wrong with the options together, or NULL. */
static const char *contradiction(const struct request *request)
{
	const struct vmt_gather *gather = &request->gather;

	if (!request->is_openmetrics)
		return "nothing to export: say --openmetrics (report has formats for viewers)";
	if (gather->is_all && gather->names)
		return "--all does not take a process or a recording";
	if (!gather->is_all && !gather->names)
		return "no process or recording given";
	if (request->address && (request->output || request->seconds))
		return "--listen writes no file: leave out --output and --interval";
	if (request->seconds && !request->output)
		return "--interval needs --output=FILE";
	if (gather->most && !gather->is_all)
		return "--most needs --all";
	return NULL;
}

int vmt_cmd_export(int argc, char **argv)
{
	struct request request = { .seconds = 0 };
	int status = vmt_arguments_parse(&arguments, argc, argv, &request);
	const char *problem;

	if (status >= 0)
		return status;
	request.gather.name = argv + optind;
	request.gather.names = (size_t)(argc - optind);
	problem = contradiction(&request);
	if (problem)
		return vmt_arguments_refuse(&arguments, problem, "");
	request.gather.only_running |= request.address || request.seconds;
	if (request.address)
		status = vmt_serve(&request.gather, request.address);
	else
		status = vmt_textfile_write(&request.gather, request.output, request.seconds);
	vmt_gather_free(&request.gather);
	return status;
}
