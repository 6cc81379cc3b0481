/* SPDX-License-Identifier: MIT */
/*
 * Messages while the program runs, and the report of the map limit: printed after a call, by the
 * thread that made it, when it has left the lock. Programs that reach the limit usually die next,
 * often by another thread whose call fails as well, and the report would be cut off with them where
 * something ends all processes of a program that has died. So these calls wait, for two seconds at most.
 */
#ifndef VMT_ALARM_H
#define VMT_ALARM_H

#include "state/state.h"

/* Print what is due. */
void vmt_alarm_say(struct vmt_state *state);

/*
 * After a call that failed for lack of memory: wait while another thread has the map limit
 * reported. is_deferred: the call's reason is not known yet, so the lock's holder may still find
 * that it was the limit.
 */
void vmt_alarm_wait(struct vmt_state *state, bool is_deferred);

#endif
