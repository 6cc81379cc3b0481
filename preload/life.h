/* SPDX-License-Identifier: MIT */
/*
 * Beginnings and ends of a process image: the constructor, fork children, exec, exit.
 */
#ifndef VMT_LIFE_H
#define VMT_LIFE_H

#include "state.h"

/*
 * The first call in a fork child: its own descriptor, lock, counters and recording. Two threads may
 * come here at once, since a thread can be made from a cached stack without a memory call. False:
 * another thread (or the one that this signal handler has interrupted) is at it, and too slow.
 */
bool vmt_life_start_child(struct vmt_state *state);

/* execve is about to be made; it has failed. */
void vmt_life_before_exec(struct vmt_state *state);
void vmt_life_after_exec(struct vmt_state *state);

/*
 * The image ends: close the recording, print the report. Once; the program may still go on. Returns
 * the status to end with: the program's own, unless max_growth says otherwise.
 */
int vmt_life_end(int status);

/*
 * Close the books while the program goes on, and off for good: the figures are those of this moment. Prints
 * them, if they would be printed at exit. A filter that is active already allows no more than being off.
 * Before the call is made that begins such a regime: afterwards nothing can be said any more.
 */
void vmt_life_step_aside(struct vmt_state *state);

#endif
