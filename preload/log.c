/* SPDX-License-Identifier: MIT */
/*
 * GNU tools close standard error in atexit, and daemons put a socket in its place: so a high
 * duplicate is kept from the start, and either is used only while it is still what it was.
 */
#include "log.h"

#include <fcntl.h>
#include <linux/errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/syscall.h>

#include "core/fmt.h"
#include "fd.h"
#include "line.h"
#include "sys.h"

#define PATIENCE_MS 1000

static void say_unwritable(struct vmt_state *state, const char *path)
{
	char message[400];
	struct vmt_line text = vmt_line_in(message, sizeof(message));

	vmt_line_add(&text, "cannot write to log_path '");
	vmt_line_add(&text, path);
	vmt_line_add(&text, "'; the report goes to standard error");
	vmt_log(state, message);
}

/* log_path.PID */
static int open_log_path(struct vmt_state *state, int flags)
{
	char path[300];
	struct vmt_line text = vmt_line_in(path, sizeof(path));
	int fd;

	vmt_line_add(&text, state->options.log_path);
	vmt_line_add(&text, ".");
	vmt_line_add_number(&text, state->pid);
	fd = vmt_fd_open(path, O_WRONLY | O_CREAT | O_APPEND | flags, 0666);
	if (fd < 0 && flags & O_TRUNC)
		say_unwritable(state, path);
	else
		vmt_fd_identity(fd, &state->fds.log_device, &state->fds.log_inode);
	return fd;
}

void vmt_log_open(struct vmt_state *state)
{
	struct vmt_fds *fds = &state->fds;
	const char *path = state->options.log_path;
	int fd = -1;

	if (!vmt_fd_identity(2, &fds->stderr_device, &fds->stderr_inode))
		fds->stderr_inode = 0;
	fds->log = fds->stderr_inode ? vmt_fd_duplicate(2) : -1;
	fds->log_device = fds->stderr_device;
	fds->log_inode = fds->stderr_inode;
	if (path[0] && !(path[0] == 's' && __builtin_strcmp(path, "stderr") == 0))
		fd = open_log_path(state, O_TRUNC);	/* now: chdir and chroot may come */
	if (fd < 0)
		return;
	if (fds->log >= 0)
		vmt_sys1(SYS_close, fds->log);
	fds->log = fd;
	fds->log_is_file = true;
}

static bool is_still(int fd, uint64_t device, uint64_t inode)
{
	uint64_t now_device, now_inode;

	return fd >= 0 && inode && vmt_fd_identity(fd, &now_device, &now_inode) &&
	       now_device == device && now_inode == inode;
}

int vmt_log_fd(struct vmt_state *state)
{
	struct vmt_fds *fds = &state->fds;

	if (state->no_asking)
		return fds->log;	/* under a seccomp filter write(2) is all that can be hoped for */

	if (is_still(fds->log, fds->log_device, fds->log_inode))
		return fds->log;
	if (fds->log_is_file)	/* closed by the program: by its name again */
		return fds->log = open_log_path(state, 0);
	if (is_still(2, fds->stderr_device, fds->stderr_inode))
		return 2;
	return -1;
}

/* Write without ever raising SIGPIPE: blocked around the write, and taken away if it came. */
static bool write_some(struct vmt_state *state, int fd, const char **bytes, size_t *size)
{
	uint64_t pipe_set = UINT64_C(1) << (SIGPIPE - 1);
	uint64_t old;
	struct pollfd ready = { .fd = fd, .events = POLLOUT };
	const int64_t no_time[2] = { 0, 0 };
	long done;

	if (vmt_sys3(SYS_poll, &ready, 1, PATIENCE_MS) <= 0) {
		state->log_is_blocked = true;
		return false;
	}
	vmt_sys4(SYS_rt_sigprocmask, SIG_BLOCK, &pipe_set, &old, sizeof(old));
	done = vmt_sys3(SYS_write, fd, *bytes, *size);
	if (done == -EPIPE && !(old & pipe_set))
		vmt_sys4(SYS_rt_sigtimedwait, &pipe_set, 0, no_time, sizeof(pipe_set));
	vmt_sys4(SYS_rt_sigprocmask, SIG_SETMASK, &old, 0, sizeof(old));
	if (done == -EINTR)
		return true;
	if (done <= 0)
		return false;
	*bytes += done;
	*size -= (size_t)done;
	return true;
}

void vmt_log_emit(void *context, const char *bytes, size_t size)
{
	struct vmt_state *state = context;
	int fd = vmt_log_fd(state);

	if (state->no_asking) {
		vmt_sys3(SYS_write, fd, bytes, size);
		return;
	}
	while (fd >= 0 && size && !state->log_is_blocked && write_some(state, fd, &bytes, &size))
		;
}

void vmt_log(struct vmt_state *state, const char *message)
{
	struct vmt_fmt fmt;

	vmt_fmt_init(&fmt, vmt_log_emit, state, state->pid);
	vmt_fmt_str(&fmt, "vmatrace: ");
	vmt_fmt_str(&fmt, message);
	vmt_fmt_wrap(&fmt, 0);
}

void vmt_log_marker(const struct vmt_state *state, const char *text)
{
	if (state->options.markers)
		vmt_sys3(SYS_write, -1, text, __builtin_strlen(text));
}
