/* SPDX-License-Identifier: MIT */
/*
 * Calls that fail, and a count of maps that nears the limit: recorded, and said at the
 * moment, because such programs usually die next.
 */
#ifndef VMT_FAILURE_H
#define VMT_FAILURE_H

#include "state/state.h"

/* Under the lock, after a call: record a failure with its true reason. maps: before the call. */
void vmt_failure_note(struct vmt_state *state, const struct vmt_done *done,
		      const struct vmt_site *site, uint64_t maps);

/* Under the lock: the count has passed 80 per cent of the limit (state->alarm_from); 95 as well? */
/* How many threads there are, for the reader to tell whose stacks are left: at the exit. */
void vmt_failure_count_threads(struct vmt_state *state);

void vmt_failure_near(struct vmt_state *state);

static inline void vmt_failure_watch(struct vmt_state *state)
{
	if (VMT_UNLIKELY(state->space.count >= state->alarm_from))
		vmt_failure_near(state);
}

/* Outside the lock: say what is due. */
void vmt_failure_say(struct vmt_state *state);

/* Is anything due? */
static inline bool vmt_failure_is_due(struct vmt_state *state)
{
	return atomic_load_explicit(&state->alarms_due, memory_order_relaxed) != 0;
}

#endif
