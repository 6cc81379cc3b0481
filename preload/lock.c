/* SPDX-License-Identifier: MIT */
/*
 * The owner's thread id is the lock word. `stuck` spares everybody but the first most of
 * the wait for a holder who stands still: its generation is compared, so a new holder is waited for again.
 */
#include "lock.h"

/* In one order with the late queue's words: who finds the lock taken after leaving word of a call
 * is heard by the holder's last look. */
static bool try_take(struct vmt_lock *lock, uint32_t from, uint32_t self)
{
	if (!atomic_compare_exchange_strong_explicit(&lock->owner, &from, self,
						     memory_order_seq_cst, memory_order_seq_cst))
		return false;
	atomic_fetch_add_explicit(&lock->generation, 1, memory_order_relaxed);
	return true;
}

/* Sleep in short turns until the lock is free or patience ends; returns whether it was taken. */
static bool wait_for(struct vmt_lock *lock, const struct vmt_lock_ops *ops, uint32_t self,
		     uint64_t patience)
{
	uint64_t end = ops->now(ops->context) + patience;
	bool taken = false;

	atomic_fetch_add_explicit(&lock->waiters, 1, memory_order_seq_cst);
	while (!taken) {
		uint32_t owner = atomic_load_explicit(&lock->owner, memory_order_seq_cst);
		uint64_t now = ops->now(ops->context);

		if (now >= end)
			break;
		if (owner)
			ops->wait(ops->context, &lock->owner, owner, end - now);
		taken = try_take(lock, 0, self);
	}
	atomic_fetch_sub_explicit(&lock->waiters, 1, memory_order_relaxed);
	return taken;
}

static enum vmt_lock_result give_up(struct vmt_lock *lock, const struct vmt_lock_ops *ops,
				    uint32_t owner, uint32_t generation, uint32_t self)
{
	if (!ops->is_alive(ops->context, owner) && try_take(lock, owner, self))
		return VMT_LOCK_ROBBED;
	atomic_store_explicit(&lock->stuck, generation, memory_order_relaxed);
	return VMT_LOCK_BUSY;
}

static enum vmt_lock_result take(struct vmt_lock *lock, const struct vmt_lock_ops *ops,
				 uint32_t self, bool patient)
{
	if (VMT_LIKELY(try_take(lock, 0, self)))
		return VMT_LOCK_GOT;
	if (!patient)
		return VMT_LOCK_BUSY;

	uint32_t owner = atomic_load_explicit(&lock->owner, memory_order_relaxed);
	uint32_t generation = atomic_load_explicit(&lock->generation, memory_order_relaxed);

	bool stuck = owner && generation == atomic_load_explicit(&lock->stuck, memory_order_relaxed);

	if (stuck && !(ops->is_crowded && ops->is_crowded(ops->context)))
		return give_up(lock, ops, owner, generation, self);
	if (wait_for(lock, ops, self, stuck ? VMT_LOCK_SHORT_PATIENCE_NS : VMT_LOCK_PATIENCE_NS))
		return VMT_LOCK_GOT;
	owner = atomic_load_explicit(&lock->owner, memory_order_relaxed);
	if (owner == 0)
		return try_take(lock, 0, self) ? VMT_LOCK_GOT : VMT_LOCK_BUSY;
	if (generation != atomic_load_explicit(&lock->generation, memory_order_relaxed))
		return VMT_LOCK_BUSY;	/* it goes round, only not to us */
	return give_up(lock, ops, owner, generation, self);
}

enum vmt_lock_result vmt_lock_enter(struct vmt_lock *lock, const struct vmt_lock_ops *ops,
				    struct vmt_lock_self self, uint64_t sp, bool patient)
{
	uint64_t outer_sp = *self.held_sp;
	enum vmt_lock_result result;

	if (VMT_UNLIKELY(atomic_load_explicit(&lock->owner, memory_order_relaxed) == self.id)) {
		if (!ops->has_left(ops->context, outer_sp, sp))
			return VMT_LOCK_BUSY;
		return vmt_lock_seize(lock, ops, self, sp);
	}
	*self.held_sp = sp;
	atomic_signal_fence(memory_order_seq_cst);
	result = take(lock, ops, self.id, patient);
	if (VMT_LIKELY(result != VMT_LOCK_BUSY))
		lock->outer_sp = outer_sp;
	else
		*self.held_sp = outer_sp;
	return result;
}

enum vmt_lock_result vmt_lock_seize(struct vmt_lock *lock, const struct vmt_lock_ops *ops,
				    struct vmt_lock_self self, uint64_t sp)
{
	if (atomic_load_explicit(&lock->owner, memory_order_relaxed) != self.id)
		return vmt_lock_enter(lock, ops, self, sp, true);
	atomic_fetch_add_explicit(&lock->generation, 1, memory_order_relaxed);
	lock->outer_sp = 0;
	*self.held_sp = sp;
	return VMT_LOCK_ROBBED;
}

void vmt_lock_leave(struct vmt_lock *lock, const struct vmt_lock_ops *ops,
		    struct vmt_lock_self self)
{
	uint64_t outer_sp = lock->outer_sp;

	atomic_exchange_explicit(&lock->owner, 0, memory_order_seq_cst);
	*self.held_sp = outer_sp;
	if (VMT_UNLIKELY(atomic_load_explicit(&lock->waiters, memory_order_seq_cst)))
		ops->wake(ops->context, &lock->owner);
}
