/* SPDX-License-Identifier: MIT */
/*
 * A file of another process, from another time or from another version of the library must not be
 * used: so it contains the start time of its process and the list of kinds of calls. See carry.h.
 */
#include "filter/carry.h"

#include <fcntl.h>
#include <sys/auxv.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "filter/filter.h"
#include "filter/status.h"
#include "os/fd.h"
#include "os/auxv.h"
#include "core/base/line.h"
#include "os/sys.h"
#include "state/state.h"

#define PATH_SIZE   (sizeof(((struct vmt_options *)0)->dir) + 32)
#define TEXT_SIZE   2048
#define START_FIELD 22 /* of /proc/self/stat: the start time in ticks, which exec keeps */

struct carried {
	uint64_t layout;
	uint64_t kinds;
	uint64_t filters;
	uint64_t started;
};

static bool make_path(const struct vmt_state *state, uint64_t pid, char path[PATH_SIZE])
{
	struct vmt_line line = vmt_line_in(path, PATH_SIZE);

	vmt_line_add(&line, state->options.dir);
	vmt_line_add(&line, "/.filter.");
	vmt_line_add_number(&line, pid);
	return state->options.dir[0] == '/' && !line.is_cut;
}

static uint64_t layout(void)
{
	const unsigned char *byte = (const void *)vmt_filter_kinds;
	uint64_t hash = vmt_filter_kind_count;

	for (size_t i = 0; i < vmt_filter_kind_count * sizeof(*vmt_filter_kinds); i++)
		hash = (hash ^ byte[i]) * UINT64_C(0x100000001b3);
	byte = (const void *)vmt_filter_tools_calls;
	for (size_t i = 0; i < vmt_filter_tools_call_count * sizeof(*vmt_filter_tools_calls); i++)
		hash = (hash ^ byte[i]) * UINT64_C(0x100000001b3);
	return hash;
}

static bool read_own_status(struct vmt_status *ret_status)
{
	char text[TEXT_SIZE];
	long length = vmt_fd_read_file("/proc/thread-self/status", text, sizeof(text));

	if (length > 0)
		vmt_status_read(text, (size_t)length, ret_status);
	return length > 0;
}

static void write_file(const char *path, const struct carried *carried)
{
	const int flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW;
	int fd;

	vmt_sys1(SYS_unlink, path); /* a process with the same pid may have left one */
	fd = vmt_fd_open(path, flags, 0600);
	if (fd < 0)
		return;
	vmt_sys4(SYS_pwrite64, fd, carried, sizeof(*carried), 0);
	vmt_sys1(SYS_close, fd);
}

static bool may_write(void)
{
	const long any[6] = { 0 };

	return vmt_filter_may_create() && vmt_filter_may(SYS_pwrite64, any) &&
	       vmt_filter_may(SYS_unlink, any);
}

/* noinline, since hardly any exec needs so much stack. */
__attribute__((noinline)) static void write_known(const struct vmt_state *state)
{
	struct carried carried = { layout(), vmt_filter_allowed(), vmt_filter_count(),
				   vmt_fd_own_stat(START_FIELD) };
	struct vmt_status self;
	char path[PATH_SIZE];

	if (may_write() && carried.started && read_own_status(&self) &&
	    self.filters == carried.filters && make_path(state, self.pid, path))
		write_file(path, &carried);
}

void vmt_carry_write(const struct vmt_state *state)
{
	if (VMT_UNLIKELY(vmt_filter_count()) && !vmt_filter_is_by_address())
		write_known(state);
}

__attribute__((noinline)) static void remove_known(const struct vmt_state *state)
{
	struct vmt_status self;
	char path[PATH_SIZE];

	if (may_write() && read_own_status(&self) && make_path(state, self.pid, path))
		vmt_sys1(SYS_unlink, path);
}

void vmt_carry_remove(const struct vmt_state *state)
{
	if (VMT_UNLIKELY(vmt_filter_count()) && !vmt_filter_is_by_address())
		remove_known(state);
}

/*
 * Does the file belong to us alone? Only calls that every program makes at its start may be used
 * here.
 */
static bool is_own(const char *path, mode_t type, mode_t forbidden)
{
	long fd = vmt_sys4(SYS_openat, AT_FDCWD, path, O_RDONLY | O_CLOEXEC, 0);
	struct stat st;
	bool is_own;

	if (vmt_sys_failed(fd))
		return false;
	is_own = !vmt_sys_failed(vmt_fd_status((int)fd, &st)) && (st.st_mode & S_IFMT) == type &&
		 st.st_uid == vmt_auxv(AT_EUID) && !(st.st_mode & forbidden);
	vmt_sys1(SYS_close, fd);
	return is_own;
}

bool vmt_carry_take(const struct vmt_state *state, uint64_t pid, uint64_t filters)
{
	struct carried carried = { 0, 0, 0, 0 };
	char path[PATH_SIZE];
	bool is_ours;

	if (!filters || !make_path(state, pid, path) ||
	    !is_own(state->options.dir, S_IFDIR, S_IWGRP | S_IWOTH) ||
	    !is_own(path, S_IFREG, S_IRWXG | S_IRWXO) ||
	    vmt_fd_read_file(path, (char *)&carried, sizeof(carried)) != sizeof(carried))
		return false;
	is_ours = carried.layout == layout() && carried.filters == filters &&
		  carried.started == vmt_fd_own_stat(START_FIELD);
	if (is_ours)
		vmt_filter_set_allowed(vmt_filter_allowed() | carried.kinds);
	vmt_sys1(SYS_unlink, path);
	return is_ours;
}
