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

/*
 * Outside the lock: print the messages that are due (state->alarms.due). Returns whether a report of the
 * map limit has to follow (vmt_failure_report).
 */
bool vmt_failure_say(struct vmt_state *state);

/* Is the map limit being reported, or is somebody about to begin? */
bool vmt_failure_is_reporting(const struct vmt_state *state);

/* The report has been printed, or there will be none, or nobody waits for it any more. */
void vmt_failure_report_has_ended(struct vmt_state *state);

/*
 * A call was deferred and has failed. The reason is not known yet: might it be the map limit, which
 * has not been reported? A process that is near the limit and meets other errors is not delayed again
 * and again, so this is true a few times only.
 */
bool vmt_failure_may_be_limit(struct vmt_state *state);

#endif
