/* SPDX-License-Identifier: MIT */
/*
 * Descriptors of our own: as few as possible and for as short a time as possible, close-on-exec, at
 * high numbers, which programs do not expect.
 */
#ifndef VMT_FD_H
#define VMT_FD_H

#include "core/base/base.h"

/*
 * A descriptor and what it was when we looked: the program may have closed it, and been given its
 * number for a file of its own.
 */
struct vmt_fd {
	int number; /* -1 = none */
	uint32_t type; /* S_IFMT of its mode */
	uint64_t device;
	uint64_t inode;
};

/* fstat(2), by whichever of its names a seccomp filter lets through; -errno. */
struct stat;
long vmt_fd_status(int number, struct stat *ret_status);

/* Remember what number refers to now; -errno is kept as it is. */
struct vmt_fd vmt_fd_note(int number);

/* Does it still refer to that? */
bool vmt_fd_is_ours(const struct vmt_fd *fd);

/* Do both refer to the same file, pipe or terminal? */
bool vmt_fd_is_same(const struct vmt_fd *a, const struct vmt_fd *b);

/* Close it, unless it has become the program's. */
void vmt_fd_close(struct vmt_fd *fd);

/* open(2) at a high number; -errno. */
int vmt_fd_open(const char *path, int flags, int mode);

/* Move fd to a high number (the old one is closed); fd itself where none is free. */
int vmt_fd_raise(int fd);

/*
 * Move fd beyond the soft limit on descriptors, where it takes none of the program's; -errno if
 * that cannot be: then fd is closed. While there is one thread.
 */
int vmt_fd_put_aside(int fd);

/* A high, close-on-exec duplicate of fd, which stays open; -errno. */
int vmt_fd_duplicate(int fd);

/* Read all of a small file. Returns bytes read, cut to size, or -errno. */
long vmt_fd_read_file(const char *path, char *buffer, size_t size);

#endif
