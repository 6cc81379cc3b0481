/* SPDX-License-Identifier: MIT */
/*
 * What the kernel knows of maps and shows nowhere but in /proc/self/smaps: advice, locks,
 * accounting. Read once, when the books are closed, and only of a process of which much was not
 * seen: who reads the recording has nothing else to tell by why those maps are apart.
 */
#ifndef VMT_ATTRIBUTES_H
#define VMT_ATTRIBUTES_H

#include "state/state.h"

/* Into the recording, for each map. Under the lock; nothing is asked of the kernel after it. */
void vmt_attributes_record(struct vmt_state *state);

#endif
