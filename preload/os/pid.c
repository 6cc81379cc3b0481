/* SPDX-License-Identifier: MIT */
#include "os/pid.h"

#include <fcntl.h>
#include <linux/errno.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "core/base/line.h"
#include "os/fd.h"
#include "os/sys.h"

static struct vmt_line folder_of(long pid, char *bytes, size_t size)
{
	struct vmt_line path = vmt_line_in(bytes, size);

	vmt_line_add(&path, "/proc/");
	vmt_line_add_number(&path, (uint64_t)pid);
	return path;
}

char vmt_pid_state(long pid)
{
	char text[256];
	struct vmt_line path = folder_of(pid, text, sizeof(text));
	long length;

	vmt_line_add(&path, "/stat");
	length = vmt_fd_read_file(text, text, sizeof(text));
	/* the format is PID (NAME) STATE, and the name may contain anything */
	for (long i = length - 1; i > 1; i--)
		if (text[i - 2] == ')' && text[i - 1] == ' ')
			return text[i];
	return '\0';
}

/*
 * A process that has ended, but has not been reaped, has no memory, so it has no executable either
 * (proc_exe_link() of fs/proc/base.c, Linux 5.10 to 7.2).
 */
static bool is_zombie(long pid)
{
	char text[64];
	char target[1];
	struct stat status;
	struct vmt_line path = folder_of(pid, text, sizeof(text));

	if (vmt_sys_failed(vmt_sys4(SYS_newfstatat, AT_FDCWD, text, &status, 0)))
		return false;
	vmt_line_add(&path, "/exe");
	return vmt_sys4(SYS_readlinkat, AT_FDCWD, text, target, sizeof(target)) == -ENOENT;
}

bool vmt_pid_is_running(long pid)
{
	return pid > 0 && vmt_sys2(SYS_kill, pid, 0) != -ESRCH && !is_zombie(pid);
}
