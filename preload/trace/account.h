/* SPDX-License-Identifier: MIT */
/*
 * Brings the table, the counters and the published copy up to date with a finished call. Everything
 * here is done under the lock.
 */
#ifndef VMT_ACCOUNT_H
#define VMT_ACCOUNT_H

#include "state/state.h"

/* Make an empty table and an empty list of sites. Returns 0 or -ENOMEM. */
int vmt_account_init(struct vmt_state *state);

/* Returns the site of this stack. */
struct vmt_site *vmt_account_intern(struct vmt_state *state,
				    const struct vmt_callsites_stack *stack);

/*
 * A call has been made: learn what it did. deferred: it was made without the lock, so other calls
 * may have come in between.
 */
void vmt_account_done(struct vmt_state *state, const struct vmt_done *done, struct vmt_site *site,
		      bool deferred);

/*
 * Make the whole table equal to the kernel's. Changes that no call explains are attributed to the
 * unseen site; returns how many starts they concern.
 */
uint64_t vmt_account_everything(struct vmt_state *state);

/* The table was found to be equal to the kernel's: bring what depends on time up to date. */
void vmt_account_nothing(struct vmt_state *state);

/* Count starts that came or went without a call, and note the possible reason. */
void vmt_account_unseen(struct vmt_state *state, uint64_t starts);

/*
 * Count changes that no call explains, so that the counts of all sites add up to the number of
 * maps.
 */
void vmt_account_balance(struct vmt_state *state, const struct vmt_counts *missing);

/* Make the table empty. */
void vmt_account_reset(struct vmt_state *state);

/*
 * Fill the table with the process's present maps, all of them put by the start-up site. Without
 * /proc the table starts empty, and a note says so. Returns 0 or -ENOMEM.
 */
int vmt_account_start(struct vmt_state *state);

/* The table's present content is what the process starts with. */
void vmt_account_begin(struct vmt_state *state);

#endif
