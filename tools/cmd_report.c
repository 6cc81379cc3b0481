/* SPDX-License-Identifier: MIT */
/*
 * vmatrace report: from recordings to text or JSON. Also what the library starts at
 * exit (with --fd), so that names are looked up outside the traced process.
 */
#include "commands.h"
#include "message.h"
#include "print.h"

#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct request {
	struct vmt_print_options print;
	const char *output;
	int fd;
};

static const char help[] =
	"Usage: vmatrace report [OPTIONS] DIR|FILE...\n"
	"\n"
	"Report from recordings, all of a directory or single files.\n"
	"\n"
	"  -f, --format=text|json  default text; json has everything and all call sites\n"
	"  -o, --output=FILE       write there instead of standard output\n"
	"  -n, --top=N             call sites shown in text (10)\n"
	"  -d, --depth=N           frames shown of each stack in text (8)\n"
	"  -v, --verbose           full paths, build-ids, frames below main\n"
	"      --symbols=DIR       look for modules and .build-id/ files here as well\n"
	"      --color             bold summary\n"
	"      --fd=N              read the recording that is open as descriptor N\n"
	"  -h, --help\n";

static int usage(const char *problem, const char *what)
{
	vmt_message("%s%s; vmatrace report --help tells how.", problem, what);
	return VMT_EXIT_USAGE;
}

/* A whole number of at most max; false otherwise. */
static bool parse_number(const char *text, unsigned long long max, unsigned long long *ret)
{
	char *end;
	unsigned long long value;

	errno = 0;
	value = strtoull(text, &end, 10);
	if (errno || end == text || *end || *text == '-' || value > max)
		return false;
	*ret = value;
	return true;
}

/* 0, or the exit status of a bad option. */
static int set_option(struct request *request, int option, const char *value)
{
	unsigned long long number = 0;

	switch (option) {
	case 'f':
		if (!vmt_print_format(value, &request->print.format))
			return usage("there is no format ", value);
		return 0;
	case 'o':
		request->output = value;
		return 0;
	case 'v':
		request->print.verbose = true;
		return 0;
	case 's':
		request->print.symbols = value;
		return 0;
	case 'c':
		request->print.colour = true;
		return 0;
	default:
		break;
	}
	if (!parse_number(value, INT_MAX, &number))
		return usage("not a number: ", value);
	if (option == 'n')
		request->print.top = number;
	else if (option == 'd')
		request->print.depth = (uint32_t)number;
	else
		request->fd = (int)number;
	return 0;
}

/* -1: go on; otherwise the exit status. */
static int parse(int argc, char **argv, struct request *request)
{
	static const struct option options[] = {
		{ "format", required_argument, NULL, 'f' },
		{ "output", required_argument, NULL, 'o' },
		{ "top", required_argument, NULL, 'n' },
		{ "depth", required_argument, NULL, 'd' },
		{ "verbose", no_argument, NULL, 'v' },
		{ "symbols", required_argument, NULL, 's' },
		{ "color", no_argument, NULL, 'c' },
		{ "fd", required_argument, NULL, 'F' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	int option;
	int ret;

	while ((option = getopt_long(argc, argv, ":f:o:n:d:vh", options, NULL)) != -1) {
		if (option == 'h') {
			fputs(help, stdout);
			return 0;
		}
		if (option == '?' || option == ':')
			return usage(option == ':' ? "a value is missing after " : "unknown option ",
				     argv[optind - 1]);
		ret = set_option(request, option, optarg);
		if (ret)
			return ret;
	}
	if (optind == argc && request->fd < 0)
		return usage("no recording named", "");
	return -1;
}

static int print_all(const struct request *request, const struct vmt_recordings *recordings)
{
	FILE *stream = request->output ? fopen(request->output, "we") : stdout;
	int ret;

	if (!stream) {
		vmt_message("%s: %s", request->output, strerror(errno));
		return VMT_EXIT_FAILED;
	}
	ret = vmt_print(stream, recordings, &request->print);
	if (request->output && fclose(stream) && !ret)
		ret = -errno;
	if (!ret)
		return 0;
	vmt_message("cannot write the report to %s: %s",
		    request->output ? request->output : "standard output", strerror(-ret));
	return VMT_EXIT_FAILED;
}

int vmt_cmd_report(int argc, char **argv)
{
	struct request request = { .print.format = VMT_FORMAT_TEXT, .fd = -1 };
	struct vmt_recordings recordings = { NULL, 0 };
	int status = parse(argc, argv, &request);
	bool is_bad = false;

	if (status >= 0)
		return status;
	if (request.fd >= 0)
		is_bad |= vmt_load_fd(&recordings, request.fd) != 0;
	for (; optind < argc; optind++)
		is_bad |= vmt_load_path(&recordings, argv[optind]) != 0;
	status = recordings.count ? print_all(&request, &recordings) : 0;
	vmt_load_free(&recordings);
	return status ? status : is_bad ? VMT_EXIT_USAGE : 0;
}
