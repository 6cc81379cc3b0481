/* SPDX-License-Identifier: MIT */
/*
 * Opens /proc/self/maps when there is something to ask, and closes it before the program goes on,
 * so that the program has all of its descriptors. Opening costs ten times as much as a question. So
 * the file is kept open, at a high number, while there are thousands of questions a second and the
 * program has descriptors to spare. Under the lock it stays open until the lock is left, since one
 * question often follows another. A thread that is asking may be interrupted by a signal handler
 * that asks as well, or that never returns (siglongjmp): the file that is left open serves the
 * thread's next question.
 */
#ifndef VMT_MAPSFILE_H
#define VMT_MAPSFILE_H

#include "state/state.h"

struct vmt_mapsfile {
	int number; /* a negative number is the -errno of opening it */
	bool is_fresh; /* it was opened for this question */
};

/*
 * For PROCMAP_QUERY, whose answer shows whether this is the right file, or for reading, where
 * nothing shows it.
 */
struct vmt_mapsfile vmt_mapsfile_for_query(struct vmt_state *state);
struct vmt_mapsfile vmt_mapsfile_for_reading(struct vmt_state *state);

/* Can a question be asked without opening the file? */
bool vmt_mapsfile_is_open(const struct vmt_state *state);

/* After a question outside the lock: close the file if it was opened for this question. */
void vmt_mapsfile_close(struct vmt_mapsfile *file);

/*
 * Before the lock is left, or before a fork: close the file that this thread has open, if it has
 * (vmt_thread()->maps).
 */
void vmt_mapsfile_done(void);

/* The number belongs to another file: the program has closed ours, so do not close it. */
void vmt_mapsfile_forget(struct vmt_state *state, struct vmt_mapsfile *file);

/* /proc may become unreachable: keep the file open for good. */
void vmt_mapsfile_keep(struct vmt_state *state);

/*
 * The file may be kept open because there were many questions. Called now and then under the lock:
 * are there still many?
 */
void vmt_mapsfile_review(struct vmt_state *state);

/* In a fork child: the open file shows the parent's maps. */
void vmt_mapsfile_start_child(struct vmt_state *state);

#endif
