/* SPDX-License-Identifier: MIT */
/*
 * The option verify=N: compare the whole table with /proc/self/maps, and each recalled site with
 * that of a walk; stop the process at the first difference. The tests rely on this.
 * Called only if state->is_verifying, except for vmt_verify_is_equal().
 */
#ifndef VMT_VERIFY_H
#define VMT_VERIFY_H

#include "state/state.h"

#define VMT_VERIFY_STATUS 97 /* exit status after a difference */

/*
 * After a call, under the lock: compare if it is the Nth call. last: the call that was made last.
 */
void vmt_verify_table(struct vmt_state *state, const struct vmt_done *last);

/* Is the whole table equal to the kernel's? ret_count: the number of the kernel's maps. */
bool vmt_verify_is_equal(struct vmt_state *state, uint64_t *ret_count);

/*
 * Before a call, under the lock: was its site recalled correctly? The stack is walked again without
 * anything remembered, and looked up.
 */
void vmt_verify_recalled(struct vmt_state *state, enum vmt_call_id call,
			 const struct vmt_regs *regs, uint32_t site);

#endif
