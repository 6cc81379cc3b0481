/* SPDX-License-Identifier: MIT */
/*
 * See fd.h. Everything here is async-signal-safe and leaves errno alone.
 */
#include "fd.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "sys.h"

#define HIGHEST 1000	/* below the usual soft limit of 1024 */

struct vmt_fd vmt_fd_note(int number)
{
	struct vmt_fd fd = { .number = number };

	if (number >= 0 && !vmt_fd_identity(number, &fd.device, &fd.inode))
		fd.number = -1;
	return fd;
}

bool vmt_fd_is_ours(const struct vmt_fd *fd)
{
	uint64_t device, inode;

	return fd->number >= 0 && vmt_fd_identity(fd->number, &device, &inode) &&
	       device == fd->device && inode == fd->inode;
}

void vmt_fd_close(struct vmt_fd *fd)
{
	if (vmt_fd_is_ours(fd))
		vmt_sys1(SYS_close, fd->number);
	fd->number = -1;
}

int vmt_fd_duplicate(int fd)
{
	for (int low = HIGHEST; low >= 100; low -= 300) {
		long high = vmt_sys3(SYS_fcntl, fd, F_DUPFD_CLOEXEC, low);

		if (!vmt_sys_failed(high))
			return (int)high;
	}
	return (int)vmt_sys3(SYS_fcntl, fd, F_DUPFD_CLOEXEC, 10);
}

int vmt_fd_raise(int fd)
{
	int high = vmt_fd_duplicate(fd);

	if (high < 0)
		return fd;
	vmt_sys1(SYS_close, fd);
	return high;
}

int vmt_fd_open(const char *path, int flags, int mode)
{
	long fd = vmt_sys4(SYS_openat, AT_FDCWD, path, flags | O_CLOEXEC, mode);

	return vmt_sys_failed(fd) ? (int)fd : vmt_fd_raise((int)fd);
}

bool vmt_fd_identity(int fd, uint64_t *ret_device, uint64_t *ret_inode)
{
	struct stat st;

	if (vmt_sys_failed(vmt_sys2(SYS_fstat, fd, &st)))
		return false;
	*ret_device = st.st_dev;
	*ret_inode = st.st_ino;
	return true;
}

long vmt_fd_read_file(const char *path, char *buffer, size_t size)
{
	long fd = vmt_sys4(SYS_openat, AT_FDCWD, path, O_RDONLY | O_CLOEXEC, 0);
	size_t filled = 0;

	if (vmt_sys_failed(fd))
		return fd;
	while (filled < size) {
		long got = vmt_sys3(SYS_read, fd, buffer + filled, size - filled);

		if (got <= 0)
			break;
		filled += (size_t)got;
	}
	vmt_sys1(SYS_close, fd);
	return (long)filled;
}
