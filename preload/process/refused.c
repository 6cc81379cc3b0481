/* SPDX-License-Identifier: MIT */
/*
 * The reason is looked for once, right after the first failure, since other threads may have ended a
 * moment later. The files that are read for it say what the kernel compares in copy_process() and
 * alloc_pid() (kernel/fork.c, kernel/pid.c) and in the controller of pids (kernel/cgroup/pids.c).
 * See refused.h.
 */
#include "process/refused.h"

#include <linux/errno.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#include "core/base/line.h"
#include "core/base/scan.h"
#include "filter/filter.h"
#include "os/fd.h"
#include "os/sys.h"
#include "patch/gate.h"
#include "store/publish.h"
#include "trace/guard.h"

#define PATH_MOST    512u
#define KEPT_FOR_LOW 300u /* after a wrap the kernel gives no numbers below this */

static uint64_t number_in(struct vmt_state *state, const char *path)
{
	long length = vmt_fd_read_file(path, state->text, sizeof(state->text));

	return length > 0 ? vmt_scan_number(state->text, state->text + length) : 0;
}

/* Returns the number of threads in the system: "0.00 0.01 0.05 1/213 4711". 0 = unknown. */
static uint64_t all_threads(struct vmt_state *state)
{
	long length = vmt_fd_read_file("/proc/loadavg", state->text, sizeof(state->text));

	return length > 0 ? vmt_scan_number_after(state->text, (size_t)length, "/") : 0;
}

static uint64_t number_below(struct vmt_state *state, struct vmt_line folder, const char *file)
{
	vmt_line_add(&folder, file);
	return number_in(state, folder.bytes);
}

/* Is this group at its limit? */
static bool is_group_full(struct vmt_state *state, struct vmt_line folder, uint64_t *ret_limit)
{
	uint64_t limit = number_below(state, folder, "/pids.max"); /* 0 where the file says "max" */

	if (!limit || number_below(state, folder, "/pids.current") < limit)
		return false;
	*ret_limit = limit;
	return true;
}

/* Add the path of the process's group, where its line begins with `line`. False if there is none. */
static bool find_group(struct vmt_state *state, const char *line, struct vmt_line *path)
{
	long n = vmt_fd_read_file("/proc/self/cgroup", state->text, sizeof(state->text));
	const char *at = n > 0 ? vmt_scan_find(state->text, (size_t)n, line) : NULL;
	const char *end;

	if (!at)
		return false;
	at += __builtin_strlen(line);
	for (end = at; end < state->text + n && *end != '\n';)
		end++;
	vmt_line_add_bytes(path, at, (size_t)(end - at));
	return true;
}

/*
 * Is the control group that the process is in full, or one around that? In a container, the outer
 * folders of the path do not exist, and what is mounted is the group itself.
 */
static bool is_any_group_full(struct vmt_state *state, const char *line, const char *folder,
			      uint64_t *ret_limit)
{
	char bytes[PATH_MOST];
	struct vmt_line path = vmt_line_in(bytes, sizeof(bytes));
	size_t base;

	vmt_line_add(&path, folder);
	base = path.length;
	if (!find_group(state, line, &path))
		return false;
	while (!is_group_full(state, path, ret_limit)) {
		while (path.length > base && path.bytes[path.length - 1] != '/')
			path.length--;
		if (path.length == base)
			return false;
		path.length--; /* the slash */
	}
	return true;
}

static enum vmt_reason find_reason(struct vmt_state *state, uint64_t *ret_limit)
{
	uint64_t threads = all_threads(state);
	struct rlimit limit;

	if (is_any_group_full(state, "0::", "/sys/fs/cgroup", ret_limit) ||
	    is_any_group_full(state, ":pids:", "/sys/fs/cgroup/pids", ret_limit))
		return VMT_REASON_CGROUP_PIDS;
	*ret_limit = number_in(state, "/proc/sys/kernel/threads-max");
	if (*ret_limit && threads >= *ret_limit)
		return VMT_REASON_THREADS_MAX;
	*ret_limit = number_in(state, "/proc/sys/kernel/pid_max");
	if (*ret_limit && threads + KEPT_FOR_LOW >= *ret_limit)
		return VMT_REASON_PID_MAX;
	*ret_limit = 0;
	/* Nobody counts a user's threads; it is what is left. */
	if (vmt_sys_failed(vmt_sys4(SYS_prlimit64, 0, RLIMIT_NPROC, 0, &limit)) ||
	    limit.rlim_cur == RLIM_INFINITY)
		return VMT_REASON_UNKNOWN;
	*ret_limit = limit.rlim_cur;
	return VMT_REASON_RLIMIT_NPROC;
}

void vmt_refused_count(struct vmt_state *state)
{
	state->counters.threads_refused =
		__atomic_load_n(&vmt_gate_refused[VMT_GATE_REFUSED_THREADS], __ATOMIC_RELAXED);
	state->counters.forks_refused =
		__atomic_load_n(&vmt_gate_refused[VMT_GATE_REFUSED_FORKS], __ATOMIC_RELAXED);
}

static void note(struct vmt_state *state, long result)
{
	if (!vmt_state_is_on() || *vmt_alive != VMT_ALIVE || !vmt_guard_enter(state, false))
		return;
	if (!state->counters.refused_error) {
		state->counters.refused_error = (uint32_t)-result;
		if (result == -EAGAIN && vmt_filter_is_open())
			state->counters.refused_reason =
				(uint32_t)find_reason(state, &state->counters.refused_limit);
	}
	vmt_refused_count(state);
	vmt_publish_header(state);
	vmt_guard_leave(state);
}

void vmt_refused_by_clone(long result)
{
	note(vmt_state, result);
}

void vmt_refused_fork(struct vmt_state *state, long result)
{
	if (result != -EAGAIN && result != -ENOMEM)
		return;
	__atomic_fetch_add(&vmt_gate_refused[VMT_GATE_REFUSED_FORKS], 1, __ATOMIC_RELAXED);
	note(state, result);
}

void vmt_refused_start_child(void)
{
	VMT_RESET(vmt_gate_refused[VMT_GATE_REFUSED_THREADS], 0);
	VMT_RESET(vmt_gate_refused[VMT_GATE_REFUSED_FORKS], 0);
}
