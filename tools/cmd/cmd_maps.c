/* SPDX-License-Identifier: MIT */
/*
 * vmatrace maps: what the maps of a running process are, without any preload, or those of a saved
 * /proc/PID/maps; or all processes by their number of maps. It only reads /proc and never stops a
 * process. If a process vanishes meanwhile, a message says so.
 */
#include "cmd/arguments.h"
#include "cmd/commands.h"
#include "cmd/maps_all.h"
#include "input/process.h"
#include "input/procmaps.h"
#include "json/json_explain.h"
#include "json/json_snapshot.h"
#include "report/cause_text.h"
#include "picture/picture.h"
#include "util/message.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define NARROWEST    40u /* lines are never broken for fewer columns */
#define SCREEN_BYTES 65536

struct request {
	struct vmt_snapshot_options snapshot;
	bool json;
	bool all;
	bool watch;
	enum vmt_picture_colour colour;
	unsigned seconds;
	unsigned long rounds; /* 0 = without end */
	struct winsize screen; /* for redrawing; 0 rows = no screen */
	unsigned used; /* rows used so far */
	bool clears; /* clear the screen before the next output */
};

static const char help[] =
	"Usage: vmatrace maps [OPTIONS] PID...\n"
	"       vmatrace maps [OPTIONS] FILE-WITH-MAPS-TEXT...\n"
	"       vmatrace maps [OPTIONS] --all\n"
	"\n"
	"Explain the maps of any process, no preload needed: what they are, why neighbours\n"
	"do not merge, and how to reduce their number. FILE is a copy of /proc/PID/maps or\n"
	"of /proc/PID/smaps, from this machine or another; - is standard input.\n"
	"\n"
	"  -f, --format=text|json  default text\n"
	"  -F, --flags             read flags and NUMA policies as well (/proc/PID/smaps and\n"
	"                          numa_maps), which takes longer for processes that use much\n"
	"                          memory; the default up to 1,000 maps and 8 GiB\n"
	"      --no-flags          never read them\n"
	"  -a, --all               list all processes by the number of their maps, in per cent\n"
	"                          of vm.max_map_count\n"
	"  -w, --watch             repeat until interrupted or the process ends\n"
	"  -i, --interval=SECONDS  watch, and repeat after this time (2)\n"
	"  -c, --count=N           watch, and stop after N repetitions\n"
	"      --color[=WHEN]      colours of the picture that a terminal shows: auto (unless\n"
	"                          NO_COLOR is set; the default), always or never\n"
	"  -h, --help\n"
	"\n"
	"Exit status: 0; 2 for bad usage, a process that cannot be read or does not exist, a\n"
	"kernel thread, or a file with other contents.\n";

static const char *set_maps_option(void *context, int option, char *value)
{
	struct request *request = context;
	uint64_t number = 0;

	switch (option) {
	case 'f':
		return vmt_arguments_is_json(value, &request->json) ?
			       NULL :
			       "the format is text or json, not ";
	case 'F': request->snapshot.flags = VMT_SNAPSHOT_FLAGS_ALWAYS; return NULL;
	case 'N': request->snapshot.flags = VMT_SNAPSHOT_FLAGS_NEVER; return NULL;
	case 'C':
		if (value && !vmt_picture_colour(value, &request->colour))
			return "colours are auto, always or never, not ";
		if (!value)
			request->colour = VMT_PICTURE_COLOUR_ALWAYS;
		return NULL;
	case 'a': request->all = true; return NULL;
	case 'w': request->watch = true; return NULL;
	default: break;
	}
	if (!vmt_arguments_number(value, 1000000, &number) || !number)
		return "not a number from 1 to 1000000: ";
	request->watch = true;
	if (option == 'c')
		request->rounds = number;
	else
		request->seconds = (unsigned)number;
	return NULL;
}

static const struct option long_options[] = {
	{ "format", required_argument, NULL, 'f' }, { "flags", no_argument, NULL, 'F' },
	{ "no-flags", no_argument, NULL, 'N' },     { "all", no_argument, NULL, 'a' },
	{ "watch", no_argument, NULL, 'w' },        { "interval", required_argument, NULL, 'i' },
	{ "count", required_argument, NULL, 'c' },  { "color", optional_argument, NULL, 'C' },
	{ "help", no_argument, NULL, 'h' },         { NULL, 0, NULL, 0 },
};

static const struct vmt_arguments arguments = {
	"maps", help, ":f:Fawi:c:h", long_options, set_maps_option,
};

/* Returns -1 to go on; otherwise the exit status. */
static int parse_maps(int argc, char **argv, struct request *request)
{
	int status = vmt_arguments_parse(&arguments, argc, argv, request);

	if (status < 0 && (request->all ? optind < argc : optind == argc))
		return vmt_arguments_refuse(
			&arguments,
			request->all ? "--all does not take a process" : "no process given", "");
	return status;
}

static uint32_t width_of(const struct request *request)
{
	unsigned columns = request->screen.ws_col;

	return columns >= NARROWEST && columns < 80 ? columns : 80;
}

/* Lines that would push the first ones off the screen are left out: the answer comes first. */
static void print_lines(struct request *request, const struct vmt_lines *lines)
{
	unsigned rows = request->screen.ws_row;
	unsigned columns = request->screen.ws_col ? request->screen.ws_col : 80;

	if (request->clears)
		fputs("\033[H\033[J", stdout);
	request->clears = false;
	for (size_t i = 0; i < lines->count; i++) {
		request->used += (unsigned)(strlen(lines->line[i]) / (columns + 1)) + 1;
		if (!rows || request->used < rows)
			puts(lines->line[i]);
	}
}

static void print_picture(struct request *request, const struct vmt_snapshot *snapshot)
{
	struct vmt_picture_style style = vmt_picture_style_of(stdout, request->colour);
	struct vmt_picture picture;

	if (!style.columns)
		return;
	vmt_picture_of_maps(&picture, snapshot->explain.map, snapshot->explain.count,
			    vmt_picture_width(style.columns));
	request->used += (unsigned)picture.rows + 3;
	/* On a small screen the answer comes first. */
	if (!request->screen.ws_row || request->used + 8 < request->screen.ws_row)
		vmt_picture_print(stdout, &picture, &style);
}

static void print_text(struct request *request, const struct vmt_snapshot *snapshot)
{
	struct vmt_lines lines = { .width = width_of(request) };

	vmt_snapshot_headline(&lines, snapshot);
	print_lines(request, &lines);
	vmt_lines_free(&lines);
	print_picture(request, snapshot);
	lines = (struct vmt_lines){ .width = width_of(request) };
	vmt_cause_page(&lines, &snapshot->explain, snapshot->limit);
	print_lines(request, &lines);
	vmt_lines_free(&lines);
}

/* Returns 0, or the exit status. */
static int show(struct request *request, const char *what, json_t *array)
{
	struct vmt_snapshot snapshot;
	char problem[512];
	int ret = vmt_snapshot_take(what, &request->snapshot, &snapshot, problem, sizeof(problem));

	if (ret) {
		vmt_message("%s", problem);
		vmt_snapshot_free(&snapshot);
		return ret == -ENOMEM ? VMT_EXIT_FAILED : VMT_EXIT_USAGE;
	}
	if (request->json)
		json_array_append_new(array, vmt_json_snapshot(&snapshot));
	else
		print_text(request, &snapshot);
	vmt_snapshot_free(&snapshot);
	return 0;
}

static int show_all(struct request *request, json_t *array)
{
	struct vmt_lines lines = { .width = width_of(request) };
	int ret = vmt_maps_all(request->json ? NULL : &lines, array);

	print_lines(request, &lines);
	vmt_lines_free(&lines);
	if (!ret)
		return 0;
	vmt_message("/proc cannot be read: %s", strerror(-ret));
	return VMT_EXIT_FAILED;
}

static int show_once(struct request *request, int argc, char **argv)
{
	struct vmt_lines empty = { .line = (char *[]){ (char[]){ "" } }, .count = 1 };
	json_t *array = json_array();
	json_t *document;
	int status = 0;
	int ret;

	if (request->all)
		status = show_all(request, array);
	for (int i = 0; i < argc; i++) {
		if (i && !request->json)
			print_lines(request, &empty);
		ret = show(request, argv[i], array);
		status = ret ? ret : status;
	}
	if (request->json) {
		document = json_object();
		json_object_set_new(document, "schema", json_string("vmatrace.maps/1"));
		json_object_set(document, "processes", array);
		json_dumpf(document, stdout, JSON_INDENT(1) | JSON_REAL_PRECISION(12));
		putchar('\n');
		json_decref(document);
	}
	json_decref(array);
	return status;
}

/* The next output, which is written at once, replaces what is on the screen. */
static void start_screen(struct request *request)
{
	if (!request->watch || request->json || !isatty(STDOUT_FILENO))
		return;
	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &request->screen))
		request->screen.ws_row = 0;
	request->used = 0;
	request->clears = true;
}

int vmt_cmd_maps(int argc, char **argv)
{
	struct request request = { .seconds = 2 };
	int status = parse_maps(argc, argv, &request);

	if (status >= 0)
		return status;
	if (request.watch)
		setvbuf(stdout, NULL, _IOFBF, SCREEN_BYTES);
	for (unsigned long round = 1;; round++) {
		start_screen(&request);
		status = show_once(&request, argc - optind, argv + optind);
		if (fflush(stdout) || ferror(stdout)) {
			vmt_message("cannot write to standard output: %s", strerror(errno));
			return VMT_EXIT_FAILED;
		}
		if (!request.watch || round == request.rounds)
			return status;
		/*
		 * If a process that was seen before is gone, it has ended, and so does watching it.
		 */
		if (status)
			return round > 1 ? 0 : status;
		sleep(request.seconds);
	}
}
