/* SPDX-License-Identifier: MIT */
/* Opens recordings by what a user types: a file, a directory, or a running process. */
#ifndef VMT_LIVE_H
#define VMT_LIVE_H

#include "input/load.h"

/*
 * Add the recordings that text names: a path (vmt_load_path()), or else the pid of a traced
 * process, whose recording is found through its descriptors and maps. Returns 0, or -errno after a
 * message.
 */
int vmt_live_load(struct vmt_recordings *recordings, const char *text);

/*
 * Add the recording of a running process, without a message if there is none. Returns 0 or -errno.
 */
int vmt_live_find(struct vmt_recordings *recordings, uint32_t pid);

#endif
