/* SPDX-License-Identifier: MIT */
/*
 * See report.h. Runs as the process's last act, outside the lock, tracing off.
 */
#include "report.h"

#include <fcntl.h>
#include <linux/errno.h>
#include <sys/syscall.h>
#include <sys/mman.h>
#include <unistd.h>

#include "core/text.h"
#include "fd.h"
#include "line.h"
#include "log.h"
#include "name.h"
#include "spawn.h"
#include "sys.h"

#define TOP_NOW	    3
#define PRINT_TRIES 300	/* of 10 ms */

static bool is_executable(const char *path)
{
	return !vmt_sys_failed(vmt_sys3(SYS_faccessat, AT_FDCWD, path, X_OK));
}

/* Build tree: preload/libvmatrace.so, tools/vmatrace. Installed: lib/…/vmatrace/libvmatrace.so, bin/vmatrace. */
void vmt_report_find_tool(struct vmt_state *state)
{
	static const char *const places[] = { "/../tools/vmatrace", "/../../bin/vmatrace",
					      "/../../../bin/vmatrace" };
	char library[400];
	size_t length = vmt_name_library(state, library, sizeof(library));

	state->tool[0] = '\0';
	while (length && library[length - 1] != '/')
		length--;
	if (!length || !state->options.tool)
		return;
	library[length - 1] = '\0';
	for (size_t i = 0; i < VMT_COUNT(places); i++) {
		struct vmt_line path = vmt_line_in(state->tool, sizeof(state->tool));

		vmt_line_add(&path, library);
		vmt_line_add(&path, places[i]);
		if (!path.is_cut && is_executable(state->tool))
			return;
	}
	state->tool[0] = '\0';
}

static bool starts_with(const char *text, const char *start)
{
	while (*start && *text == *start)
		text++, start++;
	return !*start;
}

static bool is_for_tool(const char *entry)
{
	return !starts_with(entry, "LD_PRELOAD=") && !starts_with(entry, "VMATRACE_OPTIONS=") &&
	       !starts_with(entry, "LD_AUDIT=");
}

/* Copied at the start, since a program may put strings there that are gone at its end (putenv). */
void vmt_report_copy_environment(struct vmt_state *state)
{
	char **to = state->spare_environment;
	char *end = (char *)to + state->spare_environment_size;

	for (char **from = state->environment; from && *from; from++) {
		size_t length = __builtin_strlen(*from) + 1;

		if (!is_for_tool(*from))
			continue;
		if ((size_t)(end - (char *)(to + 2)) < length)
			break;
		end -= length;
		__builtin_memcpy(end, *from, length);
		*to++ = end;
	}
	*to = NULL;
}

/* The program closed our descriptor: copy the recording into a new one. */
static int fresh_descriptor(const struct vmt_state *state)
{
	const struct vmt_recording *recording = &state->recording;
	long fd = vmt_sys2(SYS_memfd_create, "vmatrace", MFD_CLOEXEC);
	uint64_t done = 0;

	while (fd >= 0 && done < recording->size) {
		long ret = vmt_sys4(SYS_pwrite64, fd, recording->base + done,
				    recording->size - done, done);

		if (ret <= 0)
			return -EIO;
		done += (uint64_t)ret;
	}
	return (int)fd;
}

static int recording_fd(const struct vmt_state *state)
{
	const struct vmt_recording *recording = &state->recording;

	if (vmt_fd_is_ours(&state->fds.record))
		return state->fds.record.number;
	if (recording->is_file) {
		int fd = vmt_fd_open(state->recording_path, O_RDONLY, 0);

		if (fd >= 0)
			return fd;
	}
	return fresh_descriptor(state);
}

static bool run_tool(struct vmt_state *state, uint64_t top)
{
	char top_option[32];
	struct vmt_line line = vmt_line_in(top_option, sizeof(top_option));
	const char *argv[] = { state->tool, "report", "--fd=3", top_option, NULL, NULL };
	struct vmt_spawn spawn = {
		.path = state->tool,
		.argv = argv,
		.environment = state->spare_environment,
		.in_fd = recording_fd(state),
		.out_fd = vmt_log_fd(state),
		.stack = state->spare_stack,
		.stack_size = state->spare_stack_size,
	};

	if (state->options.verbosity)
		argv[4] = "-v";
	vmt_line_add(&line, "--top=");
	vmt_line_add_number(&line, top);
	return spawn.in_fd >= 0 && vmt_spawn_run(&spawn) == 0;
}

static void print_without_tool(struct vmt_state *state, uint64_t top)
{
	const struct vmt_text_ops ops = { .emit = vmt_log_emit, .context = state };
	const struct vmt_text_options options = { .top = top,
						  .verbose = state->options.verbosity != 0 };
	struct vmt_view view;

	if (vmt_view_open(state->recording.base, state->recording.size, &view) == 0)
		vmt_text_report(&view, &options, &ops);
}

/* One report at a time: the stack and the environment are there once. */
static bool begin_printing(struct vmt_state *state)
{
	const int64_t pause[2] = { 0, 10000000 };

	for (int i = 0; i < PRINT_TRIES; i++) {
		if (!atomic_exchange_explicit(&state->printing, 1, memory_order_acquire))
			return true;
		vmt_sys2(SYS_nanosleep, pause, 0);
	}
	return false;
}

static void print(struct vmt_state *state, uint64_t top)
{
	if (!begin_printing(state))
		return;
	if (!state->tool[0] || state->no_asking || !run_tool(state, top))
		print_without_tool(state, top);
	atomic_store_explicit(&state->printing, 0, memory_order_release);
}

void vmt_report_print(struct vmt_state *state)
{
	if (vmt_log_fd(state) < 0)
		return;
	if (state->recording.base)
		print(state, state->options.top);
	else if (state->recording.is_lost)
		vmt_log(state, "no report: the recording was cut short while the program ran");
	else
		vmt_log(state, "no report: there was no memory or disk for the recording");
}

void vmt_report_print_now(struct vmt_state *state)
{
	if (state->recording.base)
		print(state, TOP_NOW);
}
