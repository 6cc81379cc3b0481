/* SPDX-License-Identifier: MIT */
/*
 * Descriptor 2 is written to only as long as it is the file it was at the start; a daemon that
 * closes it is let go at once. See log.h.
 */
#include "own/log.h"

#include <linux/errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>

#include "capture/next.h"
#include "core/base/fmt.h"
#include "filter/probe.h"
#include "os/fd.h"
#include "core/base/line.h"
#include "os/signals.h"
#include "os/sys.h"
#include "own/logfile.h"

#define PATIENCE_MS 1000 /* for a reader that does not read, in total */
/* libc's exit is at least this long, and the function after it calls nobody */
#define EXIT_SIZE   256
#define PIPE_CHUNK  4096 /* what a pipe has room for if poll(2) reports room… */
#define OTHER_CHUNK 256 /* …and what other files have room for */
#define NO_WAITING  8 /* RWF_NOWAIT (linux/fs.h), which older headers lack */

static void say_unwritable(struct vmt_state *state, const char *path)
{
	char message[700];
	struct vmt_line text = vmt_line_in(message, sizeof(message));

	vmt_line_add(&text, "cannot write to log_path '");
	vmt_line_add(&text, path);
	vmt_line_add(&text, "'; the report goes to standard error");
	vmt_log(state, message);
}

static bool wants_file(const struct vmt_state *state)
{
	const char *path = state->options.log_path;

	return path[0] && !(path[0] == 's' && __builtin_strcmp(path, "stderr") == 0);
}

/*
 * Opened now, since the program may lose the right to create the file, and since a user who looks
 * at the start sees the complaint.
 */
static void open_file(struct vmt_state *state)
{
	int fd = vmt_logfile_create(state, true);

	state->log.is_file = fd >= 0;
	if (fd < 0)
		say_unwritable(state,
			       state->log.name[0] ? state->log.name : state->options.log_path);
	else
		vmt_sys1(SYS_close, fd);
}

void vmt_log_open(struct vmt_state *state, bool is_quiet)
{
	state->log.error = vmt_fd_note(2);
	state->log.is_quiet = is_quiet;
	if (!is_quiet && wants_file(state))
		open_file(state);
}

void vmt_log_open_child(struct vmt_state *state)
{
	vmt_fd_close(&state->log.now);
	state->log.is_kept = false;
	state->log.is_quiet = false;
	if (wants_file(state))
		open_file(state);
}

int vmt_log_fd(struct vmt_state *state)
{
	struct vmt_log *log = &state->log;

	if (log->is_quiet || !vmt_probe_write(state))
		return -1;
	if (vmt_fd_is_ours(&log->now))
		return log->now.number;
	log->now.number = -1;
	if (log->is_file)
		log->now = vmt_fd_note(vmt_logfile_open(state));
	if (log->now.number >= 0)
		return log->now.number;
	return vmt_fd_is_ours(&log->error) ? 2 : -1;
}

struct other {
	struct vmt_state *state;
	struct vmt_fd fd;
};

static void emit_to_other(void *context, const char *bytes, size_t size)
{
	const struct other *other = context;

	vmt_log_emit_to(other->state, &other->fd, bytes, size);
}

/* There was no room in the log file: say so where there is. A helper has no other descriptor. */
static void say_full(struct vmt_state *state)
{
	struct other error = { state, state->log.error };
	struct vmt_fmt fmt;

	state->log.is_full = false;
	if (!state->log.is_file || !vmt_fd_is_ours(&error.fd))
		return;
	vmt_fmt_init(&fmt, emit_to_other, &error, state->process.pid);
	vmt_fmt_str(&fmt, "vmatrace: the disk is full: the report in '");
	vmt_fmt_str(&fmt, state->log.name);
	vmt_fmt_str(&fmt, "' is incomplete");
	vmt_fmt_wrap(&fmt, 0);
}

void vmt_log_pause(struct vmt_state *state)
{
	if (state->log.is_full)
		say_full(state);
	if (state->log.is_file && !state->log.is_kept && vmt_probe_write(state))
		vmt_fd_close(&state->log.now);
}

void vmt_log_keep(struct vmt_state *state)
{
	if (state->log.is_file && !state->log.is_kept)
		state->log.is_kept = vmt_log_fd(state) == state->log.now.number;
}

/* Is this function called from exit(3), or from main's return? */
static bool is_exiting(const struct vmt_regs *regs)
{
	uint64_t leave = (uint64_t)(uintptr_t)vmt_next.leave;
	struct vmt_walk stack;

	vmt_unwind(regs, &stack);
	for (uint32_t i = 0; leave && i < stack.count; i++)
		if (stack.pc[i] > leave && stack.pc[i] <= leave + EXIT_SIZE)
			return true;
	return false;
}

void vmt_log_error_closes(struct vmt_state *state, const struct vmt_regs *regs)
{
	struct vmt_log *log = &state->log;

	if (log->is_file || log->now.number >= 0 || !vmt_probe_write(state) ||
	    !vmt_fd_is_ours(&log->error) || !vmt_state_is_ours(state) || !is_exiting(regs))
		return;
	log->now = vmt_fd_note(vmt_fd_duplicate(2));
}

/*
 * Wait until the reader has read something, for PATIENCE_MS in total. A filter may forbid poll, and
 * so does a program that has lowered its limit of descriptors to 0 (-EINVAL).
 */
static bool wait_for_room(struct vmt_state *state, int fd)
{
	struct pollfd ready = { .fd = fd, .events = POLLOUT };
	uint64_t start;
	long left;
	long ret = vmt_sys3(SYS_poll, &ready, 1, 0);

	if (ret)
		return ret > 0 || ret == -EPERM || ret == -EINVAL;
	start = vmt_clock();
	left = PATIENCE_MS - (long)state->log.waited_ms;
	if (left > 0)
		ret = vmt_sys3(SYS_poll, &ready, 1, left);
	state->log.waited_ms += (uint32_t)((vmt_clock() - start) / 1000000);
	if (ret == 0)
		state->log.is_blocked = true;
	return ret > 0;
}

/* poll reported room, but the write found none: pause, but not for ever. */
static bool pause_for_room(struct vmt_state *state)
{
	const int64_t pause[2] = { 0, 1000000 };

	vmt_sys2(SYS_nanosleep, pause, 0);
	state->log.is_blocked = ++state->log.waited_ms >= PATIENCE_MS;
	return !state->log.is_blocked;
}

/*
 * Another process may have filled the pipe since poll reported room, so write without waiting if
 * possible.
 */
static long write_once(const struct vmt_fd *fd, const char *bytes, size_t size)
{
	struct iovec piece = { (void *)(uintptr_t)bytes, size };
	long ret;

	if (fd->type == S_IFREG)
		return vmt_sys3(SYS_write, fd->number, bytes, size);
	if (size > (fd->type == S_IFIFO ? PIPE_CHUNK : OTHER_CHUNK))
		piece.iov_len = fd->type == S_IFIFO ? PIPE_CHUNK : OTHER_CHUNK;
	if (fd->type == S_IFSOCK)
		ret = vmt_filter_own6(SYS_sendto, fd->number, (long)bytes, (long)piece.iov_len,
				      MSG_DONTWAIT | MSG_NOSIGNAL, 0, 0);
	else
		ret = vmt_filter_own6(SYS_pwritev2, fd->number, (long)&piece, 1, -1, -1,
				      NO_WAITING);
	if (ret == -EOPNOTSUPP || ret == -ENOSYS || ret == -EPERM || ret == -EINVAL)
		ret = vmt_sys3(SYS_write, fd->number, bytes, piece.iov_len);
	return ret;
}

/*
 * Write without ever raising SIGPIPE: the signal is blocked around the write, and consumed if it
 * came.
 */
static bool write_some(struct vmt_state *state, const struct vmt_fd *fd, const char **bytes,
		       size_t *size)
{
	uint64_t pipe_set = VMT_SIGNAL_BIT(SIGPIPE);
	uint64_t old;
	const int64_t no_time[2] = { 0, 0 };
	long done;

	if (!wait_for_room(state, fd->number))
		return false;
	vmt_sys4(SYS_rt_sigprocmask, SIG_BLOCK, &pipe_set, &old, sizeof(old));
	done = write_once(fd, *bytes, *size);
	if (done == -EPIPE && !(old & pipe_set))
		vmt_sys4(SYS_rt_sigtimedwait, &pipe_set, 0, no_time, sizeof(pipe_set));
	vmt_sys4(SYS_rt_sigprocmask, SIG_SETMASK, &old, 0, sizeof(old));
	if (done == -EINTR)
		return true;
	if (done == -EAGAIN)
		return pause_for_room(state);
	state->log.is_full |= done == -ENOSPC || done == -EDQUOT;
	if (done <= 0)
		return false;
	*bytes += done;
	*size -= (size_t)done;
	return true;
}

void vmt_log_emit_to(struct vmt_state *state, const struct vmt_fd *fd, const char *bytes,
		     size_t size)
{
	while (fd->number >= 0 && size && !state->log.is_blocked &&
	       write_some(state, fd, &bytes, &size))
		;
}

void vmt_log_emit(void *context, const char *bytes, size_t size)
{
	struct vmt_fd fd = vmt_fd_note(vmt_log_fd(context));

	vmt_log_emit_to(context, &fd, bytes, size);
}

void vmt_log(struct vmt_state *state, const char *message)
{
	struct vmt_fmt fmt;

	vmt_fmt_init(&fmt, vmt_log_emit, state, state->process.pid);
	vmt_fmt_str(&fmt, "vmatrace: ");
	vmt_fmt_str(&fmt, message);
	vmt_fmt_wrap(&fmt, 0);
	vmt_log_pause(state);
}

void vmt_log_marker(const struct vmt_state *state, const char *text)
{
	if (state->options.markers)
		vmt_sys3(SYS_write, -1, text, __builtin_strlen(text));
}
