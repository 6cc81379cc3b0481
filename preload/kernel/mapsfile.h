/* SPDX-License-Identifier: MIT */
/*
 * /proc/self/maps, opened when there is something to ask and closed again before the program goes
 * on, so that it has all of its descriptors. Opening costs ten times what a question does: it is
 * kept open, at a high number, while there are thousands of questions a second and the program has
 * descriptors to spare. Under the lock it stays open until the lock is left, since one question
 * often follows another. Whoever asks may be interrupted by a signal handler that asks as well, or
 * that never comes back (siglongjmp): then what is open serves the thread's next question.
 */
#ifndef VMT_MAPSFILE_H
#define VMT_MAPSFILE_H

#include "state/state.h"

struct vmt_mapsfile {
	int number; /* -errno if it cannot be opened */
	bool is_fresh; /* it was opened for this question */
};

/*
 * For PROCMAP_QUERY, whose answer tells whether this is the right file; or for reading, which does
 * not.
 */
struct vmt_mapsfile vmt_mapsfile_for_query(struct vmt_state *state);
struct vmt_mapsfile vmt_mapsfile_for_reading(struct vmt_state *state);

/* After a question outside the lock: close it if it was opened for this question. */
void vmt_mapsfile_close(struct vmt_mapsfile *file);

/* Before the lock is left, or before a fork: close what this thread has open. */
void vmt_mapsfile_close_all(void);

static inline void vmt_mapsfile_done(void)
{
	if (VMT_UNLIKELY(vmt_thread()->maps.number > 0))
		vmt_mapsfile_close_all();
}

/* It is not what it was: the program has closed it, and its number is not ours to close. */
void vmt_mapsfile_forget(struct vmt_state *state, struct vmt_mapsfile *file);

/* /proc may be out of reach soon: keep it open for good. */
void vmt_mapsfile_keep(struct vmt_state *state);

/* It may be kept because there was much to ask. Now and then, under the lock: is there still? */
void vmt_mapsfile_review(struct vmt_state *state);

/* A fork child: what is open tells of its parent. */
void vmt_mapsfile_start_child(struct vmt_state *state);

#endif
