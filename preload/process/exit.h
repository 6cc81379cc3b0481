/* SPDX-License-Identifier: MIT */
/*
 * The end of a process image, and of what can be counted about it. A vfork child shares everything
 * with its parent, and ends none of that.
 */
#ifndef VMT_EXIT_H
#define VMT_EXIT_H

#include "state/state.h"

/*
 * Record how the image ended, or that it has not ended after all. Under the lock, if it can be had.
 */
void vmt_exit_note(struct vmt_state *state, enum vmt_end end, int status);

/*
 * The image ends: close the recording and print the report, once; the program may still go on.
 * Returns the exit status: the program's own, unless max_growth changes it.
 */
int vmt_exit_end(int status);

/*
 * Close the recording while the program goes on, and stop tracing for good: the figures are those
 * of this moment. The report is printed, if there would be one at exit. An active filter may allow
 * no more than stopping. This has to be called before the system call that establishes such a
 * regime, because nothing can be printed after it.
 */
void vmt_exit_step_aside(struct vmt_state *state);

/*
 * Do the same before the program maps memory of its own over the library's data: nothing may be
 * read or written there any more.
 */
void vmt_exit_give_up_memory(struct vmt_state *state);

/* Sleep for a moment, 0.2 ms. Where a filter refuses to sleep, wait as long. */
void vmt_exit_pause(void);

#endif
