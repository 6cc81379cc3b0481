/* SPDX-License-Identifier: MIT */
/*
 * What kind of file a device number stands for. A process that is gone has no file names to tell
 * that. Valid on this machine since it was booted.
 */
#ifndef VMT_FILESYSTEMS_H
#define VMT_FILESYSTEMS_H

#include "core/recording/view.h"

#include <stdint.h>

enum vmt_filesystem {
	VMT_FILESYSTEM_OTHER, /* or unknown */
	VMT_FILESYSTEM_DEVICES, /* including kernel objects: io_uring, perf, sockets */
	VMT_FILESYSTEM_HUGE,
	VMT_FILESYSTEM_SHARED, /* memory, such as /dev/shm */
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

/* Empty if the recording comes from another machine, or from before it was booted. */
void vmt_filesystems_read(const struct vmt_view *view, struct vmt_filesystems *ret_filesystems);

enum vmt_filesystem vmt_filesystems_find(const struct vmt_filesystems *filesystems, uint32_t major,
					 uint32_t minor);

#endif
