/* SPDX-License-Identifier: MIT */
/* Recordings by what a user types: a file, a directory, or a running process. */
#ifndef VMT_LIVE_H
#define VMT_LIVE_H

#include "input/load.h"

/*
 * Add what text names: a path (vmt_load_path), or else the number of a traced process,
 * whose recording is found through its open descriptors and maps.
 * Returns 0 or -errno, after a message.
 */
int vmt_live_load(struct vmt_recordings *recordings, const char *text);

#endif
