/* SPDX-License-Identifier: MIT */
/* Called in the constructor and in fork children. See lost.h. */
#include "store/lost.h"

#include <linux/errno.h>
#include <sys/syscall.h>

#include "kernel/name.h"
#include "os/sys.h"

const char *vmt_lost_why(int error)
{
	switch (error) {
	case -ENOENT: return "there is no such directory, make it first (mkdir -p)";
	case -ENOTDIR: return "it is not a directory";
	case -EACCES:
	case -EPERM: return "you have no permission to write to it";
	case -EROFS: return "the file system is read-only";
	case -ENOSPC:
	case -EDQUOT: return "the disk is full";
	case -ENOMEM:
	case -EAGAIN: return "there is no address space or memory for it (ulimit -v, -d)";
	case -EMFILE:
	case -ENFILE: return "no file descriptor is left (ulimit -n)";
	case -EFBIG: return "the file size limit (ulimit -f) is too low";
	case -ENAMETOOLONG: return "its name is too long";
	default: return "does the directory exist, and is it writable?";
	}
}

/* One of an earlier run is made anew, since its time tells when it was last true. */
static long make_link(const char *why, const char *path)
{
	long ret = vmt_sys2(SYS_symlink, why, path);

	if (ret != -EEXIST)
		return ret;
	vmt_sys1(SYS_unlink, path);
	return vmt_sys2(SYS_symlink, why, path);
}

void vmt_lost_leave(struct vmt_state *state, const char *why)
{
	static const char *const folders[] = { "", "lost/" };
	char path[sizeof(state->recording_file.path)];

	for (unsigned i = 0; i < VMT_COUNT(folders) && state->options.dir[0]; i++) {
		if (vmt_name_lost(state, folders[i], path, sizeof(path)) &&
		    make_link(why, path) != -EACCES)
			return;
	}
}
