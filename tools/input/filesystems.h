/* SPDX-License-Identifier: MIT */
/*
 * What files on a file system are when they are mapped, by its device number: of a process that is
 * gone there are no names that would say so. True of this machine since it was booted.
 */
#ifndef VMT_FILESYSTEMS_H
#define VMT_FILESYSTEMS_H

#include "core/recording/view.h"

#include <stdint.h>

enum vmt_filesystem {
	VMT_FILESYSTEM_OTHER, /* or not known */
	VMT_FILESYSTEM_DEVICES, /* and kernel objects: io_uring, perf, sockets */
	VMT_FILESYSTEM_HUGE,
	VMT_FILESYSTEM_SHARED, /* memory: /dev/shm */
};

#define VMT_FILESYSTEMS_MAX 64u

struct vmt_filesystems {
	struct {
		uint32_t major;
		uint32_t minor;
		enum vmt_filesystem kind;
	} item[VMT_FILESYSTEMS_MAX];
	size_t count;
};

/* None if the recording is of another machine or from before it was booted. */
void vmt_filesystems_read(const struct vmt_view *view, struct vmt_filesystems *ret_filesystems);

enum vmt_filesystem vmt_filesystems_find(const struct vmt_filesystems *filesystems, uint32_t major,
					 uint32_t minor);

#endif
