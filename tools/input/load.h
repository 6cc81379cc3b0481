/* SPDX-License-Identifier: MIT */
/*
 * Recordings from files, directories and inherited descriptors. They are mapped rather than read,
 * since sequence words work only on the pages that the writer writes to; that of a process that runs
 * is copied from there, as it is at one moment.
 */
#ifndef VMT_LOAD_H
#define VMT_LOAD_H

#include "core/recording/view.h"

#include <sys/types.h>

struct vmt_loaded_recording {
	char *name;
	/* the map of the file; NULL: the view is of memory that belongs to somebody else */
	void *data;
	size_t size;
	bool is_copy; /* data is memory of ours */
	struct vmt_view view;
};

struct vmt_recordings {
	struct vmt_loaded_recording *item;
	size_t count;
};

/*
 * Add what path names: a recording, or all *.vmt files of a directory, in the order in which they
 * began. Invalid ones are reported in a message and left out. Returns 0, or -errno of the last one
 * that failed (-EBADMSG: not a recording).
 */
int vmt_load_path(struct vmt_recordings *recordings, const char *path);

/* Does the name end in .vmt? */
bool vmt_load_is_recording_name(const char *name);

/*
 * A process that could not be recorded leaves a link EXE.lost, one for all processes of a program (see
 * preload/store/lost.h): in the directory, or in a folder of it for users who may not write there.
 */
#define VMT_LOAD_LOST "lost"
bool vmt_load_is_lost_name(const char *name);

/*
 * Say in messages which programs are missing and why, if their links were made after `since` (ns since
 * 1970). Calls `found`, unless it is NULL, with the name of each.
 */
void vmt_load_tell_lost(const char *directory, uint64_t since,
			void (*found)(void *userdata, const char *program), void *userdata);

/* Add the recording that descriptor fd refers to; fd stays open. */
int vmt_load_fd(struct vmt_recordings *recordings, int fd);

/*
 * Add the recording of the last image of process pid in a directory, if it began after `since` (ns
 * since 1970). Returns -ENOENT without a message if there is none.
 */
int vmt_load_process(struct vmt_recordings *recordings, const char *directory, pid_t pid,
		     uint64_t since);

/*
 * A fork child begins with its parent's maps. Returns the recording of the ancestor that most maps of
 * the recording at `at` come from, which may be itself.
 */
size_t vmt_load_origin(const struct vmt_recordings *recordings, size_t at);

/* The recording will hardly be read again: release its pages. */
void vmt_load_put_aside(const struct vmt_loaded_recording *recording);

void vmt_load_free(struct vmt_recordings *recordings);

#endif
