/* SPDX-License-Identifier: MIT */
/*
 * Records the end of a process that was killed. This is the only place where the tool writes to a
 * recording. Used by the command run.
 */
#include "core/recording/record.h"
#include "run/ending.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static int put(int fd, size_t offset, const void *bytes, size_t n)
{
	return pwrite(fd, bytes, n, (off_t)offset) == (ssize_t)n ? 0 : -EIO;
}

static int write_end(int fd, int wait_status)
{
	struct vmt_rec_header header;
	struct timespec now;
	uint64_t when;
	uint32_t end = WIFSIGNALED(wait_status) ? VMT_END_SIGNAL : VMT_END_EXIT;
	int32_t status =
		WIFSIGNALED(wait_status) ? WTERMSIG(wait_status) : WEXITSTATUS(wait_status);

	if (pread(fd, &header, sizeof(header), 0) != sizeof(header))
		return -EBADMSG;
	clock_gettime(CLOCK_MONOTONIC, &now);
	when = (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
	if (!header.end_monotonic &&
	    put(fd, offsetof(struct vmt_rec_header, end_monotonic), &when, sizeof(when)))
		return -EIO;
	if (header.end != VMT_END_RUNNING)
		return 0;
	if (put(fd, offsetof(struct vmt_rec_header, status), &status, sizeof(status)))
		return -EIO;
	return put(fd, offsetof(struct vmt_rec_header, end), &end, sizeof(end));
}

int vmt_ending_write(const char *path, int status)
{
	int fd = open(path, O_RDWR | O_CLOEXEC);
	int ret;

	if (fd < 0)
		return -errno;
	ret = write_end(fd, status);
	close(fd);
	return ret;
}
