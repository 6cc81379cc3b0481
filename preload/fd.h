/* SPDX-License-Identifier: MIT */
/*
 * Descriptors of our own: high numbers, which programs do not expect, close-on-exec.
 */
#ifndef VMT_FD_H
#define VMT_FD_H

#include "core/base.h"

/* open(2) at a high number; -errno. */
int vmt_fd_open(const char *path, int flags, int mode);

/* Move fd to a high number (the old one is closed); fd itself where none is free. */
int vmt_fd_raise(int fd);

/* A high, close-on-exec duplicate of fd, which stays open; -errno. */
int vmt_fd_duplicate(int fd);

/* Device and inode that fd refers to; false if it is not open. */
bool vmt_fd_identity(int fd, uint64_t *ret_device, uint64_t *ret_inode);

/* Read all of a small file. Returns bytes read, cut to size, or -errno. */
long vmt_fd_read_file(const char *path, char *buffer, size_t size);

#endif
