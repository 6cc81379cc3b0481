/* SPDX-License-Identifier: MIT */
/*
 * Somebody may cut the recording's file short while it is mapped (logrotate's copytruncate): the
 * next store into it raises SIGBUS. The recording is lost then, and the program goes on. For this,
 * and only if the recording is a file, the library has a handler for SIGBUS. The program sees and
 * sets its own action as if there were none, and receives its own signals. Threads that block
 * SIGBUS unblock it while they store.
 */
#ifndef VMT_BUS_H
#define VMT_BUS_H

#include "state/state.h"

/* Install our handler, or restore the program's action: the recording is a file, or no longer. */
void vmt_bus_open(struct vmt_state *state);
void vmt_bus_close(struct vmt_state *state);

/* Does this system call of the program read or change its action for SIGBUS? */
bool vmt_bus_is_action(long nr, const long args[6]);

/* Make such a call on the program's own action. Returns what the kernel would return. */
long vmt_bus_action(const struct vmt_state *state, const long args[6]);

/*
 * exec keeps an action that ignores SIGBUS, but not a handler. vmt_bus_after_exec(): exec has
 * failed.
 */
void vmt_bus_before_exec(void);
void vmt_bus_after_exec(void);

/* To be called around all stores into the recording. */
void vmt_bus_enter(struct vmt_state *state);
void vmt_bus_leave(void);

#endif
