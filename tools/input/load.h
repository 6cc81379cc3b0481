/* SPDX-License-Identifier: MIT */
/*
 * Recordings from files, directories and inherited descriptors. They are mapped, not
 * read, since sequence words only work on the writer's own pages.
 */
#ifndef VMT_LOAD_H
#define VMT_LOAD_H

#include "core/recording/view.h"

#include <sys/types.h>

struct vmt_recording {
	char *name;
	void *data; /* the map of the file; NULL: the view is of memory that is somebody else's */
	size_t size;
	struct vmt_view view;
};

struct vmt_recordings {
	struct vmt_recording *item;
	size_t count;
};

/*
 * Add what path names: a recording, or all *.vmt of a directory in the order in
 * which they began. Bad ones are named in a message and left out.
 * Returns 0, or -errno of the last one that failed (-EBADMSG: not a recording).
 */
int vmt_load_path(struct vmt_recordings *recordings, const char *path);

/* NAME.vmt */
bool vmt_load_is_recording_name(const char *name);

/* Add the recording open as descriptor fd, which stays open. */
int vmt_load_fd(struct vmt_recordings *recordings, int fd);

/*
 * Add the last image of process pid in a directory, begun not before since (ns since
 * 1970). -ENOENT without a message when there is none.
 */
int vmt_load_process(struct vmt_recordings *recordings, const char *directory, pid_t pid,
		     uint64_t since);

/* It will hardly be read again: its pages need not stay in memory. */
void vmt_load_put_aside(const struct vmt_recording *recording);

void vmt_load_free(struct vmt_recordings *recordings);

#endif
