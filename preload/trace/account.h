/* SPDX-License-Identifier: MIT */
/*
 * From a finished call to the table, the counters and the published copy. All of it
 * under the lock.
 */
#ifndef VMT_ACCOUNT_H
#define VMT_ACCOUNT_H

#include "state/state.h"

/* Make the empty table and the empty list of sites. Returns 0 or -ENOMEM. */
int vmt_account_init(struct vmt_state *state);

/* The site of this stack. */
struct vmt_site *vmt_account_intern(struct vmt_state *state,
				    const struct vmt_callsites_stack *stack);

/* A call has been made: learn what it did. deferred: without the lock, others may have come
 * between. */
void vmt_account_done(struct vmt_state *state, const struct vmt_done *done, struct vmt_site *site,
		      bool deferred);

/*
 * Make the whole table equal to the kernel's. What no call explains goes to the unseen site;
 * returns how many starts that were.
 */
uint64_t vmt_account_everything(struct vmt_state *state);

/* Count starts that came or went without a call, and note why that may be. */
void vmt_account_unseen(struct vmt_state *state, uint64_t starts);

/* Count what nobody's call explains, so that the sites' counts add up to the maps there are. */
void vmt_account_balance(struct vmt_state *state, const struct vmt_counts *missing);

/* Make the table empty. */
void vmt_account_reset(struct vmt_state *state);

/*
 * Fill the table with the process as it is, all of it put by the start-up site. Without /proc it
 * begins empty, and a note says so. Returns 0 or -ENOMEM.
 */
int vmt_account_start(struct vmt_state *state);

/* What is in the table now is what the process begins with. */
void vmt_account_begin(struct vmt_state *state);

/* Maps of the program, as of the table. */
static inline uint64_t vmt_account_maps(const struct vmt_state *state)
{
	return state->space.count - state->space.own;
}

#endif
