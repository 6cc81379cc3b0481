/* SPDX-License-Identifier: MIT */
/* Everything here is async-signal-safe and leaves errno alone. See fd.h. */
#include "os/fd.h"

#include <fcntl.h>
#include <linux/errno.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "core/base/scan.h"
#include "os/signals.h"
#include "os/sys.h"

#define HIGHEST   1000 /* below the usual soft limit of 1024 */
#define STAT_SIZE 2048
#define FURTHEST  65536 /* moderate, since the kernel's table is as long as the highest number */

long vmt_fd_status(int number, struct stat *ret_status)
{
	long ret = vmt_sys2(SYS_fstat, number, ret_status);

	/* a seccomp filter refuses it; ld.so's other call for this may be allowed */
	if (ret == -EPERM)
		ret = vmt_sys4(SYS_newfstatat, number, "", ret_status, AT_EMPTY_PATH);
	return ret;
}

struct vmt_fd vmt_fd_note(int number)
{
	struct vmt_fd fd = { .number = number };
	struct stat st;

	if (number < 0)
		return fd;
	if (vmt_sys_failed(vmt_fd_status(number, &st))) {
		fd.number = -1;
		return fd;
	}
	fd.type = st.st_mode & S_IFMT;
	fd.device = st.st_dev;
	fd.inode = st.st_ino;
	return fd;
}

bool vmt_fd_is_same(const struct vmt_fd *a, const struct vmt_fd *b)
{
	return a->number >= 0 && b->number >= 0 && a->device == b->device && a->inode == b->inode &&
	       a->type == b->type;
}

bool vmt_fd_is_ours(const struct vmt_fd *fd)
{
	struct vmt_fd now = vmt_fd_note(fd->number);

	return vmt_fd_is_same(fd, &now);
}

void vmt_fd_close(struct vmt_fd *fd)
{
	if (vmt_fd_is_ours(fd))
		vmt_sys1(SYS_close, fd->number);
	VMT_RESET(fd->number, -1);
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

/* The kernel checks the limit when it allocates a number, and never again (fs/file.c). */
int vmt_fd_put_aside(int fd)
{
	struct rlimit limit;
	struct rlimit more;
	long aside = vmt_sys4(SYS_prlimit64, 0, RLIMIT_NOFILE, 0, &limit);

	if (!vmt_sys_failed(aside)) {
		more = (struct rlimit){ limit.rlim_cur + 1, limit.rlim_max };
		aside = limit.rlim_cur < limit.rlim_max && limit.rlim_cur < FURTHEST ?
				vmt_sys4(SYS_prlimit64, 0, RLIMIT_NOFILE, &more, 0) :
				-EPERM;
	}
	if (!vmt_sys_failed(aside)) {
		aside = vmt_sys3(SYS_fcntl, fd, F_DUPFD_CLOEXEC, limit.rlim_cur);
		vmt_sys4(SYS_prlimit64, 0, RLIMIT_NOFILE, &limit, 0);
	}
	vmt_sys1(SYS_close, fd);
	return (int)aside;
}

int vmt_fd_open(const char *path, int flags, int mode)
{
	long fd = vmt_sys4(SYS_openat, AT_FDCWD, path, flags | O_CLOEXEC, mode);

	return vmt_sys_failed(fd) ? (int)fd : vmt_fd_raise((int)fd);
}

static long read_file(const char *path, char *buffer, size_t size)
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

long vmt_fd_read_file(const char *path, char *buffer, size_t size)
{
	const struct vmt_signals signals = vmt_signals_hold();
	long length = read_file(path, buffer, size);

	vmt_signals_release(&signals);
	return length;
}

uint64_t vmt_fd_own_stat(unsigned field)
{
	char text[STAT_SIZE];
	long length = vmt_fd_read_file("/proc/self/stat", text, sizeof(text));
	const char *at = text + (length > 0 ? length : 0);
	const char *end = at;

	while (at > text && (at == end || *at != ')'))
		at--; /* the name before it may contain anything */
	return vmt_scan_field(at, (size_t)(end - at), field - 2);
}
