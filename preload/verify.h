/* SPDX-License-Identifier: MIT */
/*
 * The option verify=N: compare the whole table with /proc/self/maps, and stop the
 * process at the first difference. The tests' main instrument.
 */
#ifndef VMT_VERIFY_H
#define VMT_VERIFY_H

#include "state.h"

#define VMT_VERIFY_STATUS 97	/* exit status after a difference */

/* After a call, under the lock: compare if it is the Nth. last: which call was made last. */
void vmt_verify(struct vmt_state *state, const struct vmt_done *last);

#endif
