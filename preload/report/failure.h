/* SPDX-License-Identifier: MIT */
/*
 * Calls that fail, and a count of maps that approaches the limit. Both are recorded and reported at
 * once, because such programs usually die next.
 */
#ifndef VMT_FAILURE_H
#define VMT_FAILURE_H

#include "state/state.h"

/*
 * Under the lock, after a call: record its failure with the true reason. maps: the count before the
 * call.
 */
void vmt_failure_note(struct vmt_state *state, const struct vmt_done *done,
		      const struct vmt_site *site, uint64_t maps);

/* Count the threads at exit, so that the reader can tell whose stacks are still mapped. */
void vmt_failure_count_threads(struct vmt_state *state);

/*
 * Under the lock: the count has passed 80 per cent of the limit (state->alarms.from). Raise the
 * alarm, and check for 95 per cent.
 */
void vmt_failure_near(struct vmt_state *state);

/* Outside the lock: print the messages that are due (state->alarms.due). */
void vmt_failure_say(struct vmt_state *state);

/*
 * Outside the lock, after a call that failed for lack of memory: wait, for half a minute at most, while
 * another thread prints the report of the map limit, as the thread that met it first does. A thread
 * that cannot go on without memory often ends the process, and the report with it.
 */
void vmt_failure_wait(struct vmt_state *state);

/*
 * The same after a call that was deferred, so that the reason of its failure is not known yet: if
 * the map limit is near, wait a moment for that, too.
 */
void vmt_failure_wait_deferred(struct vmt_state *state);

#endif
