/* SPDX-License-Identifier: MIT */
/*
 * The end of a process image, and of what can be counted of it. A vfork child shares everything
 * with its parent and ends nothing of it.
 */
#ifndef VMT_EXIT_H
#define VMT_EXIT_H

#include "state/state.h"

/*
 * Write into the recording how the image ends, or that it has not ended after all. Under the lock,
 * if it can be had.
 */
void vmt_exit_note(struct vmt_state *state, enum vmt_end end, int status);

/*
 * The image ends: close the recording, print the report. Once; the program may still go on. Returns
 * the status to end with: the program's own, unless max_growth says otherwise.
 */
int vmt_exit_end(int status);

/*
 * Close the books while the program goes on, and off for good: the figures are those of this
 * moment. Prints them, if they would be printed at exit. A filter that is active already allows no
 * more than being off. Before the call is made that begins such a regime: afterwards nothing can be
 * said any more.
 */
void vmt_exit_step_aside(struct vmt_state *state);

#endif
