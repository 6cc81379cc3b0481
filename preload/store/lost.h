/* SPDX-License-Identifier: MIT */
/*
 * A process that cannot be recorded leaves a symbolic link in the folder of recordings, since a
 * reader of the others would not miss it: EXE.lost, whose contents are the reason. Most file systems
 * keep so short a link without a block, so that a full disk takes it as well.
 */
#ifndef VMT_LOST_H
#define VMT_LOST_H

#include "state/state.h"

/* Returns why there is no recording, for an error of vmt_recording_open(). */
const char *vmt_lost_why(int error);

/*
 * Leave the link. Where another user may not write to the folder, a folder "lost" in it may be open to
 * all, as it is where root has started vmatrace run or check. One link stands for all processes of a program.
 */
void vmt_lost_leave(struct vmt_state *state, const char *why);

#endif
