/* SPDX-License-Identifier: MIT */
/*
 * vmatrace top: watches a traced process while it runs: on a terminal with a screen and keys,
 * otherwise with a line each second. It only reads; the process does not notice.
 */
#include "cmd/arguments.h"
#include "cmd/commands.h"
#include "input/debuginfod.h"
#include "input/liveness.h"
#include "top/top.h"
#include "top/top_screen.h"
#include "util/lines.h"
#include "util/message.h"
#include "util/must.h"

#include <limits.h>
#include <string.h>
#include <unistd.h>

struct request {
	struct vmt_live live;
	const char *symbols;
	enum vmt_rows_sort sort;
	uint32_t pid;
	unsigned long count; /* how many moments are shown; 0 = until the process ends */
	int interval; /* ms */
	bool is_plain;
};

static const char help[] =
	"Usage: vmatrace top [OPTIONS] PID|DIR|FILE\n"
	"\n"
	"Watch a traced process: its maps against the limit, their number over time, and for\n"
	"each call site the maps it holds, and the maps and calls it adds per second. For a\n"
	"directory, watch the process with the most maps. Without a terminal, or with\n"
	"--plain, print line by line.\n"
	"\n"
	"  -i, --interval=SECONDS  time between updates (1), at least 0.1\n"
	"  -s, --sort=KEY          live, net, peak, calls, created or split\n"
	"  -p, --pid=PID           watch this one of several processes\n"
	"  -n, --count=N           stop after N updates\n"
	"      --plain             lines instead of a screen\n"
	"      --symbols=DIR       look for modules and .build-id/ files here as well\n"
	"      --debuginfod        query the servers of DEBUGINFOD_URLS as well\n"
	"  -h, --help\n"
	"\n"
	"Keys: l n p c r s sort by live, net, peak, calls, created, split; arrows choose a\n"
	"row, Enter opens its stack; Tab goes to the next process; space pauses; q quits.\n";

static bool set_interval(struct request *request, const char *text)
{
	char *end;
	double seconds = strtod(text, &end);

	if (end == text || *end || !(seconds >= 0.1 && seconds <= 3600))
		return false;
	request->interval = (int)(seconds * 1000);
	return true;
}

static const char *set_top_option(void *context, int option, char *value)
{
	struct request *request = context;
	uint64_t number;

	switch (option) {
	case 'i': return set_interval(request, value) ? NULL : "no interval: ";
	case 's':
		return vmt_rows_sort(value, &request->sort) ?
			       NULL :
			       "rows are sorted by live, net, peak, calls, created or split, not "
			       "by ";
	case 'P': request->is_plain = true; return NULL;
	case 'S': request->symbols = value; return NULL;
	case 'D': vmt_debuginfod_allow(false); return NULL;
	default: break;
	}
	if (!vmt_arguments_number(value, INT_MAX, &number))
		return "not a number: ";
	if (option == 'p')
		request->pid = (uint32_t)number;
	else
		request->count = number;
	return NULL;
}

static const struct option long_options[] = {
	{ "interval", required_argument, NULL, 'i' },
	{ "sort", required_argument, NULL, 's' },
	{ "pid", required_argument, NULL, 'p' },
	{ "count", required_argument, NULL, 'n' },
	{ "plain", no_argument, NULL, 'P' },
	{ "symbols", required_argument, NULL, 'S' },
	{ "debuginfod", no_argument, NULL, 'D' },
	{ "help", no_argument, NULL, 'h' },
	{ NULL, 0, NULL, 0 },
};

static const struct vmt_arguments arguments = {
	"top", help, ":i:s:p:n:h", long_options, set_top_option,
};

/* Returns -1 to go on; otherwise the exit status. */
static int parse_top(int argc, char **argv, struct request *request)
{
	int status = vmt_arguments_parse(&arguments, argc, argv, request);

	if (status < 0 && optind + 1 != argc)
		return vmt_arguments_refuse(
			&arguments, "exactly one process, directory or recording is needed", "");
	request->live.text = argv[optind];
	return status;
}

/* "    1.0 s     1,023 maps  1 %   +100/s   +98/s mmap in make_stack g.c:5" */
static void print_line(const struct vmt_top *top)
{
	const struct vmt_rec_header *header = &vmt_top_view(top)->header;
	const struct vmt_top_row *most = NULL;
	char rate[32] = "        -"; /* a first look has nothing to compare with */

	for (size_t i = 0; i < top->count; i++) {
		if (!most || llabs(top->item[i].rate) > llabs(most->rate))
			most = &top->item[i];
	}
	if (top->has_rate)
		snprintf(rate, sizeof(rate), "%+8lld/s", (long long)top->rate);
	printf("%8.1f s  %8llu maps %3llu %%  %-10s", (double)top->duration / 1e9,
	       (unsigned long long)top->maps,
	       (unsigned long long)vmt_report_percent(top->maps + header->maps_own,
						      header->maps_limit),
	       rate);
	if (most && most->rate)
		printf("  %+lld/s %s in %s", (long long)most->rate, vmt_calls_name(most->row.call),
		       most->where);
	else if (most)
		printf("  %llu by %s in %s", (unsigned long long)top->item[0].row.live,
		       vmt_calls_name(top->item[0].row.call), top->item[0].where);
	putchar('\n');
	fflush(stdout);
}

/* Also where the last screen is gone with curses: what it said stays as a line. */
static void tell_end(const struct vmt_top *top)
{
	const struct vmt_rec_header *header = &vmt_top_view(top)->header;
	struct vmt_number maps, peak, limit;

	printf("process %u has ended: %s maps at the end, peak %s of %s\n", header->pid,
	       vmt_lines_number(&maps, top->maps), vmt_lines_number(&peak, header->maps_peak),
	       vmt_lines_number(&limit, header->maps_limit));
}

static int run_plain(struct request *request, struct vmt_symbols *symbols)
{
	struct vmt_top before = { .count = 0 };
	struct vmt_top top;
	bool is_gone = false;

	vmt_live_tell_children(request->live.text);
	for (unsigned long n = 0; !is_gone && (!request->count || n < request->count); n++) {
		if (n)
			usleep((useconds_t)request->interval * 1000);
		if (vmt_top_read(&top, &request->live, request->pid, request->sort, 0, symbols,
				 n ? &before : NULL)) {
			vmt_top_free(&top);
			vmt_top_free(&before);
			return n ? 0 : VMT_EXIT_USAGE;
		}
		print_line(&top);
		is_gone = top.is_gone;
		if (is_gone)
			tell_end(&top);
		vmt_top_free(&before);
		before = top;
	}
	vmt_top_free(&before);
	return 0;
}

static bool is_time(const struct request *request, const struct vmt_top *top)
{
	return vmt_liveness_now(CLOCK_MONOTONIC) - top->time >=
	       (uint64_t)request->interval * 1000000;
}

/* A process that has ended stays on the screen until the user leaves. */
static void run_screen(struct request *request, struct vmt_symbols *symbols, struct vmt_top *top,
		       struct vmt_top_screen *screen)
{
	enum vmt_rows_sort sort = screen->sort;
	uint32_t pid = screen->pid;
	unsigned long looks = 1;
	struct vmt_top next;
	int ret;

	for (;;) {
		vmt_top_screen_draw(screen, top, symbols);
		if (vmt_top_screen_wait(screen, top, request->interval) == VMT_TOP_QUIT)
			return;
		if (sort == screen->sort && pid == screen->pid &&
		    (screen->is_paused || top->is_gone || !is_time(request, top)))
			continue;
		if (request->count && ++looks > request->count)
			return;
		sort = screen->sort;
		pid = screen->pid;
		/* A process that is gone leaves the last screen as it is, without a message over it. */
		vmt_message_mute(true);
		ret = vmt_top_read(&next, &request->live, pid, sort, vmt_top_screen_width(),
				   symbols, top);
		vmt_message_mute(false);
		if (ret) {
			vmt_top_free(&next);
			top->is_gone = true;
			continue;
		}
		vmt_top_screen_follow(screen, top, &next);
		vmt_top_free(top);
		*top = next;
	}
}

static int show(struct request *request, struct vmt_symbols *symbols)
{
	struct vmt_top_screen screen = { .sort = request->sort, .pid = request->pid };
	struct vmt_top top;

	if (request->is_plain || !isatty(STDOUT_FILENO) || !isatty(STDIN_FILENO))
		return run_plain(request, symbols);
	if (screen.sort == VMT_ROWS_DEFAULT)
		screen.sort = VMT_ROWS_LIVE;
	/* Read once before taking over the screen, so that a message can be read. */
	if (vmt_top_read(&top, &request->live, request->pid, screen.sort, 80, symbols, NULL)) {
		vmt_top_free(&top);
		return VMT_EXIT_USAGE;
	}
	if (vmt_top_screen_open(&screen)) {
		vmt_message("there is no terminfo entry for TERM=%s: printing line by line, as "
			    "with --plain.",
			    getenv("TERM") ? getenv("TERM") : "");
		vmt_top_free(&top);
		return run_plain(request, symbols);
	}
	run_screen(request, symbols, &top, &screen);
	vmt_top_screen_close();
	if (top.is_gone)
		tell_end(&top);
	vmt_top_free(&top);
	return 0;
}

int vmt_cmd_top(int argc, char **argv)
{
	struct request request = { .interval = 1000, .live = { NULL, -1 } };
	int status = parse_top(argc, argv, &request);
	struct vmt_symbols *symbols;

	if (status >= 0)
		return status;
	symbols = vmt_symbols_new(request.symbols);
	if (!symbols)
		return VMT_EXIT_FAILED;
	status = show(&request, symbols);
	vmt_symbols_free(symbols);
	vmt_live_close(&request.live);
	return status;
}
