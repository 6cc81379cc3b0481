/* SPDX-License-Identifier: MIT */
/*
 * Somebody else may cut the recording's file short while it is mapped (logrotate's copytruncate):
 * the next store into it raises SIGBUS. Then the recording is lost and the program goes on. So,
 * only where there is a file, SIGBUS has a handler of ours; the program sees and sets its own
 * action as without it, and has its own signals delivered to that. Threads that block SIGBUS
 * unblock it while they store.
 */
#ifndef VMT_BUS_H
#define VMT_BUS_H

#include "state/state.h"

/* Take SIGBUS over, or give it back. The process's recording is a file, or no longer. */
void vmt_bus_open(struct vmt_state *state);
void vmt_bus_close(struct vmt_state *state);

/* Is this system call the program's look at its action for SIGBUS, or a change of it? */
bool vmt_bus_is_action(long nr, const long args[6]);

/* Make it: the kernel's result. */
long vmt_bus_action(const struct vmt_state *state, const long args[6]);

/* An action that is to ignore SIGBUS is kept by exec, a handler is not. After: exec has failed. */
void vmt_bus_before_exec(void);
void vmt_bus_after_exec(void);

/* The rarer parts of the two below. */
void vmt_bus_unblock(struct vmt_state *state);
void vmt_bus_block(void);

/* Around all stores into the recording. */
static inline void vmt_bus_enter(struct vmt_state *state)
{
	if (VMT_UNLIKELY(state->has_bus_handler))
		vmt_bus_unblock(state);
}

static inline void vmt_bus_leave(void)
{
	if (VMT_UNLIKELY(vmt_thread()->has_unblocked))
		vmt_bus_block();
}

#endif
