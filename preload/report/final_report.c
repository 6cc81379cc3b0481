/* SPDX-License-Identifier: MIT */
/*
 * The last report is made as the process's last act, outside the lock, with tracing off; an earlier one
 * while the program goes on. See final_report.h.
 */
#include "report/final_report.h"

#include <fcntl.h>
#include <linux/errno.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "core/report/report.h"
#include "filter/filter.h"
#include "os/fd.h"
#include "os/pid.h"
#include "core/base/line.h"
#include "os/sys.h"
#include "own/log.h"
#include "report/find_tool.h"
#include "report/function_names.h"
#include "report/spawn.h"

#define TOP_NOW        3
#define PRINT_PAUSE_NS 10000000
#define PRINT_WAIT_NS  (3 * SECOND)
#define SECOND         UINT64_C(1000000000)
#define FDS_NEEDED     4 /* the tool works with so many */
#define PRINT_SECONDS  5 /* the most that it waits for the tool, and for a processor */

static bool copy_part(const struct vmt_recording *recording, long fd, uint64_t offset,
		      uint64_t size)
{
	while (size) {
		long ret = vmt_sys4(SYS_pwrite64, fd, recording->base + offset, size, offset);

		if (ret <= 0)
			return false;
		offset += (uint64_t)ret;
		size -= (uint64_t)ret;
	}
	return true;
}

/* Copy the used part of the recording into a file that nobody else changes. */
static long copy_recording(const struct vmt_state *state)
{
	const struct vmt_recording *recording = &state->recording;
	const struct vmt_rec_header *header = recording->header;
	long fd = vmt_sys2(SYS_memfd_create, "vmatrace", MFD_CLOEXEC);

	if (vmt_sys_failed(fd) || vmt_sys_failed(vmt_sys2(SYS_ftruncate, fd, header->file_size)) ||
	    !copy_part(recording, fd, 0, sizeof(*header)))
		return -EIO;
	for (unsigned i = 0; i < VMT_SECTION_COUNT; i++) {
		const struct vmt_rec_section *section = &header->section[i];

		if (!copy_part(recording, fd, section->offset, section->used * section->size))
			return -EIO;
	}
	return fd;
}

struct job {
	struct vmt_state *state;
	uint64_t top;
	struct vmt_fd out; /* of a helper that nobody waits for; other threads change state->log */
	_Atomic uint32_t has_begun; /* output has begun to appear */
	long refused; /* -errno: the kernel started no process; or 0 */
};

/* The tool's command line: a struct that must not be moved. */
struct tool {
	char top[40];
	const char *argv[6];
	struct vmt_command command;
};

/* Returns false if there are no files for it, or if it may not be run. */
static bool prepare_tool(struct tool *tool, const struct job *job, int in_fd, int out_fd)
{
	struct vmt_state *state = job->state;
	struct vmt_line line = vmt_line_in(tool->top, sizeof(tool->top));

	*tool = (struct tool){
		.argv = { "vmatrace", "report", "--fd=3", tool->top,
			  state->options.verbosity ? "-v" : NULL, NULL },
		.command = { .path = state->reporting.tool,
			     .argv = tool->argv,
			     .environment = state->reporting.environment,
			     .in_fd = in_fd,
			     .out_fd = out_fd },
	};
	vmt_line_add(&line, "--top=");
	vmt_line_add_number(&line, job->top);
	return in_fd >= 0 && out_fd >= 0 && vmt_find_tool_may_run(state);
}

/*
 * Let the tool write into a file, which is printed if the tool has finished. Returns 0 or -errno.
 */
static long ask_tool(struct vmt_spawn *helper, const struct job *job)
{
	long copy = copy_recording(job->state);
	long text = vmt_sys2(SYS_memfd_create, "vmatrace", MFD_CLOEXEC);
	struct tool tool;

	if (!prepare_tool(&tool, job, (int)copy, (int)text) ||
	    vmt_spawn_command(helper, &tool.command) != 0)
		return -EIO;
	return text;
}

static void print_file(struct vmt_state *state, long fd)
{
	char bytes[4096];
	uint64_t at = 0;
	long got;

	while ((got = vmt_sys4(SYS_pread64, fd, bytes, sizeof(bytes), at)) > 0) {
		vmt_log_emit(state, bytes, (size_t)got);
		at += (uint64_t)got;
	}
}

static void emit(void *context, const char *bytes, size_t size)
{
	const struct vmt_function_names *names = context;
	const struct job *job = names->emit_context;

	if (job->out.number >= 0)
		vmt_log_emit_to(job->state, &job->out, bytes, size);
	else
		vmt_log_emit(job->state, bytes, size);
}

/* May a tool have some descriptors? A helper has raised its limit as far as it may. */
static bool has_descriptors(void)
{
	struct rlimit limit;

	return vmt_sys_failed(vmt_sys4(SYS_prlimit64, 0, RLIMIT_NOFILE, 0, &limit)) ||
	       limit.rlim_cur >= FDS_NEEDED;
}

/* Why did the tool not run? Two lines. */
static const char *const *why_no_tool(const struct job *job)
{
	struct vmt_state *state = job->state;
	static const char *const without_proc[] = { "the vmatrace tool beside the library is",
						    "found only where /proc is mounted" };
	static const char *const none[] = {
		"there is no vmatrace tool beside the",
		"library that it may run; with dir=DIR report finds them"
	};
	static const char *const limited[] = { "the limit on descriptors (ulimit -n)",
					       "leaves the vmatrace tool none for its files" };
	static const char *const filtered[] = { "a seccomp filter is active that may",
						"forbid what the vmatrace tool needs" };
	static const char *const gone[] = { "the vmatrace tool is gone, or it is",
					    "outside of the root folder that the process has now" };
	static const char *const refused[] = {
		"a limit on processes (ulimit -u, or",
		"pids.max of a cgroup) leaves none for the vmatrace tool"
	};
	static const char *const ended[] = {
		"no process can be started (ENOMEM):",
		"the first one of its PID namespace has ended, or memory is short"
	};
	static const char *const failed[] = {
		"the vmatrace tool did not run; does",
		"vmatrace --version? A library may be missing, such as libdw.so.1"
	};

	if (!vmt_filter_may_run_tool())
		return filtered;
	if (!state->reporting.library[0])
		return without_proc;
	if (!state->reporting.tool[0])
		return none;
	if (!vmt_find_tool_may_run(state))
		return gone;
	if (job->refused == -EAGAIN)
		return refused;
	if (job->refused == -ENOMEM)
		return ended;
	return has_descriptors() ? failed : limited;
}

/* Say why this report has no lines and inlined functions, unless that was asked for. */
static size_t tell_of_tool(const struct job *job, char text[2][96], char *lines[2])
{
	struct vmt_line first = vmt_line_in(text[0], sizeof(text[0]));
	struct vmt_line second = vmt_line_in(text[1], sizeof(text[1]));
	const char *const *why;

	if (!job->state->options.tool)
		return 0;
	why = why_no_tool(job);
	vmt_line_add(&first, "  names   no lines and causes: ");
	vmt_line_add(&first, why[0]);
	vmt_line_add(&second, "          ");
	vmt_line_add(&second, why[1]);
	lines[0] = text[0];
	lines[1] = text[1];
	return 2;
}

/* Finding names maps files, which would count as the program's maps while calls are recorded. */
static void print_without_tool(struct job *job)
{
	struct vmt_state *state = job->state;
	bool is_over = atomic_load_explicit(&vmt_phase, memory_order_acquire) == VMT_PHASE_OFF;
	struct vmt_view view;
	struct vmt_function_names names = { .view = &view, .emit_context = job };
	char text[2][96], *lines[2];
	const struct vmt_report_ops ops = { .emit = emit,
					    .resolve = is_over ? vmt_function_names_resolve : NULL,
					    .context = &names,
					    .lines = lines,
					    .line_count = tell_of_tool(job, text, lines) };
	const struct vmt_report_options options = { .top = job->top,
						    .verbose = state->options.verbosity != 0 };

	if (vmt_view_open(state->recording.base, state->counters.file_size, &view) == 0)
		vmt_report_report(&view, &options, &ops);
	vmt_function_names_close(&names);
}

/*
 * The printing is done in another process, so that a reader who does not read cannot delay the
 * program for long.
 */
static bool print_in_helper(struct vmt_spawn *helper, void *context)
{
	struct job *job = context;
	long text = job->state->reporting.tool[0] ? ask_tool(helper, job) : -ENOENT;

	job->refused = helper->refused;
	vmt_spawn_limit(PRINT_SECONDS);
	atomic_store_explicit(&job->has_begun, 1, memory_order_relaxed);
	if (text >= 0)
		print_file(job->state, text);
	else
		print_without_tool(job);
	return true;
}

/* The helper has its own descriptors; none that it opens takes a number of the program's. */
static void print_by_helper(struct vmt_state *state, uint64_t top)
{
	struct job job = { .state = state, .top = top, .out = { .number = -1 } };
	struct vmt_fd log;
	struct vmt_spawn helper = {
		.work = print_in_helper,
		.context = &job,
		.stack = state->reporting.stack,
		.stack_size = state->reporting.stack_size,
		.keep_fd = vmt_log_fd(state),
		.is_last = state->process.is_last_act,
		.copies_memory = state->counters.notes & VMT_NOTE_VALGRIND,
	};

	log = state->log.now;
	if (vmt_spawn_run(&helper) <= 0 &&
	    !atomic_load_explicit(&job.has_begun, memory_order_relaxed)) {
		job.refused = helper.refused;
		print_without_tool(&job);
	} else {
		state->log.now = log;
	}
	vmt_log_pause(state);
}

static void pause_for(int64_t time_ns)
{
	const int64_t pause[2] = { 0, time_ns };

	vmt_sys2(SYS_nanosleep, pause, 0);
}

static bool earlier_is_running(const struct vmt_state *state)
{
	/* later, its number may be another process's */
	return vmt_clock() - state->reporting.earlier_start < VMT_SPAWN_SECONDS * SECOND &&
	       vmt_pid_is_running(state->reporting.earlier);
}

/* Only one report at a time, since there is one stack and one environment for it. */
static bool take_turn(struct vmt_state *state)
{
	return !atomic_exchange_explicit(&state->reporting.printing, 1, memory_order_acquire);
}

void vmt_final_report_await(struct vmt_state *state)
{
	uint64_t start = vmt_clock();

	while (earlier_is_running(state) &&
	       !vmt_spawn_has_had_its_time(state->reporting.earlier, start))
		pause_for(PRINT_PAUSE_NS);
}

/* Another thread prints only for a moment, without the tool. */
static bool await_turn(struct vmt_state *state)
{
	uint64_t start = vmt_clock();

	vmt_final_report_await(state);
	while (!take_turn(state)) {
		if (vmt_clock() - start > PRINT_WAIT_NS)
			return false;
		pause_for(PRINT_PAUSE_NS);
	}
	return true;
}

static void print(struct vmt_state *state, uint64_t top)
{
	struct job job = { .state = state, .top = top, .out = { .number = -1 } };

	if (vmt_filter_may_run_tool()) {
		print_by_helper(state, top);
		return;
	}
	print_without_tool(&job);
	vmt_log_pause(state);
}

/* Whoever reads a log with two reports is told which is which. */
static void print_last(struct vmt_state *state)
{
	if (!await_turn(state))
		return;
	if (state->alarms.said & VMT_ALARM_LIMIT)
		vmt_log(state, "this second report is of the end; the first one is of the moment "
			       "when the limit was reached");
	print(state, state->options.top);
	atomic_store_explicit(&state->reporting.printing, 0, memory_order_release);
}

void vmt_final_report_print(struct vmt_state *state)
{
	if (!state->recording.base && state->recording.is_lost)
		vmt_log(state, "no report: the recording was cut short while the program ran");
	else if (!state->recording.base && !state->reporting.is_known_missing)
		vmt_log(state, "no report: there was no memory or disk for the recording");
	else if (state->recording.base && (state->log.is_file || vmt_log_fd(state) >= 0))
		print_last(state);
}

/* What a helper that nobody waits for needs until it has become the tool, at the end of its stack. */
struct background {
	struct vmt_spawn helper;
	struct job job;
};

/* Others may have changed the recording by the time at which the tool reads it, hence the copy. */
static bool print_in_background(struct vmt_spawn *helper, void *context)
{
	struct job *job = context;
	long copy = job->state->reporting.tool[0] ? copy_recording(job->state) : -ENOENT;
	struct tool tool;

	vmt_spawn_has_copied(helper);
	if (prepare_tool(&tool, job, (int)copy, job->out.number))
		vmt_spawn_become(&tool.command);
	vmt_spawn_limit(PRINT_SECONDS);
	print_without_tool(job);
	return true;
}

static bool start_background(struct vmt_state *state)
{
	struct background *background = state->reporting.stack;
	int fd = vmt_log_fd(state);

	*background = (struct background){
		.helper = { .work = print_in_background,
			    .context = &background->job,
			    .stack = state->reporting.stack,
			    .stack_size = state->reporting.stack_size,
			    .keep_fd = fd },
		.job = { .state = state, .top = TOP_NOW, .out = vmt_fd_note(fd) },
	};
	if (!vmt_spawn_start(&background->helper, &state->reporting.printing))
		return false;
	state->reporting.earlier = background->helper.pid;
	state->reporting.earlier_start = vmt_clock();
	vmt_log_pause(state);
	return true;
}

bool vmt_final_report_start(struct vmt_state *state)
{
	if (!state->recording.base || !vmt_filter_may_run_tool() ||
	    state->counters.notes & VMT_NOTE_VALGRIND || earlier_is_running(state) ||
	    !take_turn(state))
		return false;
	if (start_background(state))
		return true;
	atomic_store_explicit(&state->reporting.printing, 0, memory_order_release);
	return false;
}

bool vmt_final_report_is_running(const struct vmt_state *state)
{
	return vmt_pid_is_running(state->reporting.earlier);
}

void vmt_final_report_print_now(struct vmt_state *state)
{
	if (!state->recording.base || !take_turn(state))
		return;
	print(state, TOP_NOW);
	atomic_store_explicit(&state->reporting.printing, 0, memory_order_release);
}
