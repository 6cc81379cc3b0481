/* SPDX-License-Identifier: MIT */
/*
 * Attributes of maps that the kernel shows only in /proc/self/smaps: advice, locks, accounting.
 * They are read once, at the end, and only in a process with many unseen calls, or with many
 * neighbours of one call site that look alike: there, nothing else tells the reader of the recording
 * why these maps do not merge.
 */
#ifndef VMT_ATTRIBUTES_H
#define VMT_ATTRIBUTES_H

#include "state/state.h"

/*
 * Add the attributes of each map to the recording. Under the lock; afterwards the kernel is asked
 * nothing more.
 */
void vmt_attributes_record(struct vmt_state *state);

#endif
