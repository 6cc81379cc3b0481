/* SPDX-License-Identifier: MIT */
/*
 * The owner's thread id is the lock word. `stuck` spares everybody but the first most of
 * the wait for a holder who stands still: its generation is compared, so a new holder is waited for again.
 */
#include "lock.h"

#define SPIN_TURNS 100u	/* 1 to 5 us, as long as a processor makes its pause */

/* In one order with the late queue's words: who finds the lock taken after leaving word of a call
 * is heard by the holder's last look. */
VMT_HOT static bool try_take(struct vmt_lock *lock, uint32_t from, uint32_t self)
{
	if (!atomic_compare_exchange_strong_explicit(&lock->owner, &from, self,
						     memory_order_seq_cst, memory_order_seq_cst))
		return false;
	vmt_lock_go_on(lock);
	return true;
}

/* A call and its learning last about as long as putting a thread to sleep and waking it. */
static bool spin_for(struct vmt_lock *lock, uint32_t self)
{
	for (unsigned turn = 0; turn < SPIN_TURNS; turn++) {
		if (atomic_load_explicit(&lock->owner, memory_order_relaxed) == 0 &&
		    try_take(lock, 0, self))
			return true;
		__builtin_ia32_pause();
	}
	return false;
}

/*
 * Sleep until the lock is free or the time has come; returns whether it was taken. The holder
 * clears `waiters` when it wakes one of us, so who was woken sets it again for the others. He
 * spins as well: by the time he runs, the lock has most often been taken once more.
 */
static bool sleep_until(struct vmt_lock *lock, const struct vmt_lock_ops *ops, uint32_t self,
			uint64_t end)
{
	for (;;) {
		uint64_t now = ops->now(ops->context);
		uint32_t owner;

		atomic_store_explicit(&lock->waiters, 1, memory_order_seq_cst);
		if (try_take(lock, 0, self))
			return true;
		owner = atomic_load_explicit(&lock->owner, memory_order_seq_cst);
		if (now >= end)
			return false;
		if (owner)
			ops->wait(ops->context, &lock->owner, owner, end - now);
		if (spin_for(lock, self)) {
			atomic_store_explicit(&lock->waiters, 1, memory_order_seq_cst);
			return true;
		}
	}
}

static void set_halvings(struct vmt_lock *lock, uint32_t halvings)
{
	if (halvings <= VMT_LOCK_HALVINGS)
		atomic_store_explicit(&lock->halvings, halvings, memory_order_relaxed);
}

/* Patience that was needed for more than half is not to be halved again. */
static bool wait_for(struct vmt_lock *lock, const struct vmt_lock_ops *ops, uint32_t self)
{
	uint32_t halvings = atomic_load_explicit(&lock->halvings, memory_order_relaxed);
	uint64_t patience = VMT_LOCK_PATIENCE_NS >> halvings;
	uint64_t start = ops->now(ops->context);

	if (!sleep_until(lock, ops, self, start + patience))
		return false;
	if (halvings && ops->now(ops->context) - start > patience / 2)
		set_halvings(lock, halvings - 1);
	return true;
}

static enum vmt_lock_result give_up(struct vmt_lock *lock, const struct vmt_lock_ops *ops,
				    uint32_t owner, uint32_t generation, uint32_t self)
{
	if (!ops->is_alive(ops->context, owner) && try_take(lock, owner, self))
		return VMT_LOCK_ROBBED;
	if (atomic_exchange_explicit(&lock->stuck, generation, memory_order_relaxed) != generation)
		set_halvings(lock, atomic_load_explicit(&lock->halvings, memory_order_relaxed) + 1);
	return VMT_LOCK_BUSY;
}

VMT_HOT static enum vmt_lock_result take(struct vmt_lock *lock, const struct vmt_lock_ops *ops,
				 uint32_t self, bool patient)
{
	if (VMT_LIKELY(try_take(lock, 0, self)))
		return VMT_LOCK_GOT;
	if (!patient)
		return VMT_LOCK_BUSY;

	uint32_t owner = atomic_load_explicit(&lock->owner, memory_order_relaxed);
	uint32_t generation = atomic_load_explicit(&lock->generation, memory_order_relaxed);

	if (owner && generation == atomic_load_explicit(&lock->stuck, memory_order_relaxed) &&
	    !(ops->is_crowded && ops->is_crowded(ops->context)))
		return give_up(lock, ops, owner, generation, self);
	if (spin_for(lock, self) || wait_for(lock, ops, self))
		return VMT_LOCK_GOT;
	if (generation != atomic_load_explicit(&lock->generation, memory_order_relaxed))
		return VMT_LOCK_BUSY;	/* it goes on, or round, only not to us */
	owner = atomic_load_explicit(&lock->owner, memory_order_relaxed);
	if (owner == 0)
		return try_take(lock, 0, self) ? VMT_LOCK_GOT : VMT_LOCK_BUSY;
	return give_up(lock, ops, owner, generation, self);
}

VMT_HOT void vmt_lock_go_on(struct vmt_lock *lock)
{
	uint32_t generation = atomic_load_explicit(&lock->generation, memory_order_relaxed);

	/* Nobody else writes it while the lock is held. */
	atomic_store_explicit(&lock->generation, generation + 1, memory_order_relaxed);
}

VMT_HOT enum vmt_lock_result vmt_lock_enter(struct vmt_lock *lock, const struct vmt_lock_ops *ops,
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

VMT_HOT void vmt_lock_leave(struct vmt_lock *lock, const struct vmt_lock_ops *ops,
		    struct vmt_lock_self self)
{
	uint64_t outer_sp = lock->outer_sp;

	atomic_exchange_explicit(&lock->owner, 0, memory_order_seq_cst);
	*self.held_sp = outer_sp;
	if (VMT_UNLIKELY(atomic_load_explicit(&lock->waiters, memory_order_seq_cst)) &&
	    atomic_exchange_explicit(&lock->waiters, 0, memory_order_seq_cst))
		ops->wake(ops->context, &lock->owner);
}
