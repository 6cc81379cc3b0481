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

/* What is looked at again and again. Begin with { text, -1 }. */
struct vmt_live {
	const char *text;
	int fd; /* of the recording of a process, which is found no more once it has ended; or -1 */
};

/* As vmt_live_load(); a process that was found before is read to its end. */
int vmt_live_look(struct vmt_recordings *recordings, struct vmt_live *live);
void vmt_live_close(struct vmt_live *live);

/*
 * Add the recording of a running process, without a message if there is none. Returns 0 or -errno.
 */
int vmt_live_find(struct vmt_recordings *recordings, uint32_t pid);

/*
 * If text is the pid of a process that has traced child processes, such as a server's workers, say so and which
 * of them has the most maps: its own recording is not theirs.
 */
void vmt_live_tell_children(const char *text);

#endif
