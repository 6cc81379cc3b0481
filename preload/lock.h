/* SPDX-License-Identifier: MIT */
/*
 * One lock covers a call and the learning of what it did. Nobody waits for it without
 * bound: a program that stops its threads in signal handlers would hang otherwise. A
 * holder that is gone (its thread is dead, or jumped out of a handler) is robbed.
 *
 * No system call here: effects come as functions, so that race tests can drive it.
 */
#ifndef VMT_LOCK_H
#define VMT_LOCK_H

#include <stdatomic.h>

#include "core/base.h"

#define VMT_LOCK_PATIENCE_NS UINT64_C(2000000)

enum vmt_lock_result {
	VMT_LOCK_BUSY,	/* somebody holds it and may go on holding it */
	VMT_LOCK_GOT,
	VMT_LOCK_ROBBED,	/* got it from a holder who is gone: what it covers may be half-changed */
};

struct vmt_lock {
	_Atomic uint32_t owner;	/* thread id, 0 = free */
	_Atomic uint32_t waiters;
	_Atomic uint32_t generation;	/* of the present holding */
	_Atomic uint32_t stuck;	/* the generation that somebody has waited for in vain */
	_Atomic uint64_t owner_sp;	/* where the holder's stack was */
};

struct vmt_lock_ops {
	/* Sleep until *word is no longer value, a wake, or timeout_ns; may return early. */
	void (*wait)(void *context, _Atomic uint32_t *word, uint32_t value, uint64_t timeout_ns);
	void (*wake)(void *context, _Atomic uint32_t *word);
	uint64_t (*now)(void *context);	/* ns, monotonic */
	bool (*is_alive)(void *context, uint32_t thread);
	/* The calling thread holds the lock by its own record, entered with its stack at owner_sp, and
	 * comes again at sp: has that first frame been left for good? */
	bool (*has_left)(void *context, uint64_t owner_sp, uint64_t sp);
	void *context;
};

/* patient: wait up to VMT_LOCK_PATIENCE_NS; otherwise not at all. */
enum vmt_lock_result vmt_lock_enter(struct vmt_lock *lock, const struct vmt_lock_ops *ops,
				    uint32_t self, uint64_t sp, bool patient);

void vmt_lock_leave(struct vmt_lock *lock, const struct vmt_lock_ops *ops);

#endif
