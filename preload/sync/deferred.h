/* SPDX-License-Identifier: MIT */
/*
 * Calls that were made without the lock, and whose effect is not in the table yet: a fixed array,
 * claimed and published with a bit each, never blocking. Whoever holds the lock applies them.
 *
 * A call is made without the lock when
 *  - the lock was not to be had in time (lock.h says how long that is, and why not longer);
 *  - the call itself may take long, such as MAP_POPULATE or mlock (vmt_change_is_slow);
 *  - it may wait for the reader of a userfaultfd, who may need the lock (vmt_user_args_may_wait);
 *  - its range holds the calling thread's own storage (takes_thread in call.c);
 *  - a signal handler has interrupted the holder of the lock, which is its own thread;
 *  - there is no stack to work on (gate.S): then nothing is queued, and overflow is set;
 *  - a fork child's thread finds another one making the first call, for too long (call_lost in call.c).
 * Other calls may have come between such a call and its application, so the kernel is asked what it
 * did. After overflow the whole table is read anew, and the calls that found no slot count as lost.
 */
#ifndef VMT_DEFERRED_H
#define VMT_DEFERRED_H

#include <stdatomic.h>

#include "core/vma/change.h"

#define VMT_DEFERRED_BANKS 4u /* of 64 slots, a bit each */
#define VMT_DEFERRED_SLOTS (VMT_DEFERRED_BANKS * 64u)

struct vmt_deferred_call {
	struct vmt_done done;
	uint32_t site; /* 0 = to be found by the stack */
	uint32_t count;
	bool is_truncated;
	uint64_t pc[VMT_FRAMES_MAX];
};

struct vmt_deferred {
	_Atomic uint64_t claimed[VMT_DEFERRED_BANKS]; /* a bit for each slot that is in use */
	/* a bit for each slot that is filled and waits to be applied */
	_Atomic uint64_t ready[VMT_DEFERRED_BANKS];
	_Atomic uint64_t last_order;
	/* a slot became ready, or overflow was set, since this was cleared */
	_Atomic uint32_t pending;
	_Atomic uint32_t outside; /* calls that are being made without the lock at this moment */
	_Atomic uint64_t dropped; /* how many calls found no slot */
	_Atomic uint32_t overflow; /* a call found no slot, so the whole table must be read anew */
	/* the order of completion; kept apart from the slots, which are large */
	uint64_t order[VMT_DEFERRED_SLOTS];
	struct vmt_deferred_call slot[VMT_DEFERRED_SLOTS];
};

/* A call was made that nothing else will be known of: it counts as lost, and overflow is set. */
void vmt_deferred_lose(struct vmt_deferred *deferred);

/* Returns a slot to fill, or NULL if all are in use: then the call is lost. */
struct vmt_deferred_call *vmt_deferred_claim(struct vmt_deferred *deferred);
void vmt_deferred_publish(struct vmt_deferred *deferred, struct vmt_deferred_call *call);

/*
 * Under the lock: returns the oldest call that is ready, or NULL. To be given back with
 * vmt_deferred_release().
 */
struct vmt_deferred_call *vmt_deferred_take(struct vmt_deferred *deferred);
void vmt_deferred_release(struct vmt_deferred *deferred, struct vmt_deferred_call *call);

/*
 * Is there anything to apply? A single flag, cheap enough to test at each call. The holder of the
 * lock clears it first, and then looks at `ready` and `overflow`.
 */
bool vmt_deferred_waits(struct vmt_deferred *deferred);

void vmt_deferred_clear_pending(struct vmt_deferred *deferred);

/* Something is still waiting to be applied. */
void vmt_deferred_set_pending(struct vmt_deferred *deferred);

/* Is the array about half full? */
bool vmt_deferred_is_crowded(struct vmt_deferred *deferred);

/*
 * Is no call being made without the lock, and none waiting? Then the table should equal the
 * kernel's.
 */
bool vmt_deferred_is_quiet(struct vmt_deferred *deferred);

/* In a fork child: forget all calls, since their threads do not exist here. */
void vmt_deferred_reset(struct vmt_deferred *deferred);

#endif
