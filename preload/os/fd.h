/* SPDX-License-Identifier: MIT */
/*
 * The library's own descriptors: as few as possible, open as briefly as possible, close-on-exec,
 * and at high numbers that programs do not expect.
 */
#ifndef VMT_FD_H
#define VMT_FD_H

#include "core/base/base.h"

/*
 * A descriptor, and the file it referred to when we opened it. The program may have closed it since
 * then, and may have got its number for a file of its own.
 */
struct vmt_fd {
	int number; /* -1 = none */
	uint32_t type; /* S_IFMT of the file's mode */
	uint64_t device;
	uint64_t inode;
};

/* fstat(2), by whichever of its system calls a seccomp filter allows. Returns 0 or -errno. */
struct stat;
long vmt_fd_status(int number, struct stat *ret_status);

/* Remember what number refers to now. A negative number (-errno) is kept as it is. */
struct vmt_fd vmt_fd_note(int number);

/* Does fd still refer to the same file? */
bool vmt_fd_is_ours(const struct vmt_fd *fd);

/* Do both refer to the same file, pipe or terminal? */
bool vmt_fd_is_same(const struct vmt_fd *a, const struct vmt_fd *b);

/* Close fd, unless the number has become the program's. */
void vmt_fd_close(struct vmt_fd *fd);

/* open(2) at a high number. Returns a descriptor or -errno. */
int vmt_fd_open(const char *path, int flags, int mode);

/* Move fd to a high number and close the old one; returns fd itself where none is free. */
int vmt_fd_raise(int fd);

/*
 * Move fd beyond the soft limit on descriptors, where it takes none of the program's numbers. On
 * failure fd is closed. Only while there is one thread. Returns a descriptor or -errno.
 */
int vmt_fd_put_aside(int fd);

/* Duplicate fd to a high, close-on-exec number; fd stays open. Returns a descriptor or -errno. */
int vmt_fd_duplicate(int fd);

/* Read a small file. Returns the number of bytes read, at most size, or -errno. */
long vmt_fd_read_file(const char *path, char *buffer, size_t size);

/*
 * Returns a number of /proc/self/stat, by its field as proc_pid_stat(5) counts them, from 4 on; 0 =
 * unknown.
 */
uint64_t vmt_fd_own_stat(unsigned field);

#define VMT_STAT_WAITED_FAULTS 11u /* page faults of children that were waited for */

#endif
