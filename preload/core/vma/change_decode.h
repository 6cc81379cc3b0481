/* SPDX-License-Identifier: MIT */
/* Decodes a finished call from its arguments and its result; see change.h. */
#ifndef VMT_CHANGE_DECODE_H
#define VMT_CHANGE_DECODE_H

#include "core/vma/change.h"

/* Is this one of the most frequent changes? If not, the call may still have changed something. */
bool vmt_change_decode_simple(const struct vmt_done *done, struct vmt_simple *ret_simple);

/*
 * Decode a finished call. Never fails: whatever it cannot judge becomes VMT_CHANGE_WALK or
 * VMT_CHANGE_EVERYTHING.
 */
void vmt_change_decode(const struct vmt_done *done, struct vmt_change *ret_change);

#endif
