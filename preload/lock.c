/* SPDX-License-Identifier: MIT */
/*
 * The owner's thread id is the lock word. `stuck` spares everybody but the first most of
 * the wait for a holder who stands still: its generation is compared, so a new holder is waited for again.
 */
#include "lock.h"

/* In pauses, of which a processor makes 20 to 100 in a microsecond: a call and its learning last
 * about as long as putting a thread to sleep and waking it. */
#define SPIN_TURNS	100u
#define SPIN_BUSY_TURNS 30u	/* of who comes to a busy lock */

/* A lock is busy if so many holds follow each other at less than… */
#define BUSY_HOLDS 1024u
#define BUSY_NS	   UINT64_C(16000)	/* …between two of them, sleeping and waking included */
/* While it is busy, somebody is woken only after so many holds, unless they come slowly. */
#define KEPT_HOLDS 2u
#define KEPT_NS	   UINT64_C(8000)

static bool spin_for(struct vmt_lock *lock, uint32_t self, unsigned turns)
{
	for (unsigned turn = 0; turn < turns; turn++) {
		if (atomic_load_explicit(&lock->owner, memory_order_relaxed) == 0 &&
		    vmt_lock_take(lock, 0, self))
			return true;
		__builtin_ia32_pause();
	}
	return false;
}

static unsigned spin_turns(const struct vmt_lock *lock)
{
	return atomic_load_explicit(&lock->is_busy, memory_order_relaxed) ? SPIN_BUSY_TURNS :
									    SPIN_TURNS;
}

static void tell_asleep(struct vmt_lock *lock)
{
	atomic_store_explicit(&lock->waiters, VMT_LOCK_ASLEEP, memory_order_seq_cst);
}

/*
 * Sleep until the lock is free or the time has come; returns whether it was taken. Whoever has
 * slept says that others may still do so.
 */
static bool sleep_until(struct vmt_lock *lock, const struct vmt_lock_ops *ops, uint32_t self,
			uint64_t end)
{
	for (;;) {
		uint64_t now = ops->now(ops->context);
		uint32_t owner;

		tell_asleep(lock);
		if (vmt_lock_take(lock, 0, self))
			return true;
		owner = atomic_load_explicit(&lock->owner, memory_order_seq_cst);
		if (now >= end)
			return false;
		if (owner)
			ops->wait(ops->context, &lock->owner, owner, end - now);
		if (atomic_load_explicit(&lock->waiters, memory_order_relaxed) == VMT_LOCK_WOKEN &&
		    spin_for(lock, self, SPIN_TURNS)) {
			tell_asleep(lock);
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
	if (!ops->is_alive(ops->context, owner) && vmt_lock_take(lock, owner, self))
		return VMT_LOCK_ROBBED;
	if (atomic_exchange_explicit(&lock->stuck, generation, memory_order_relaxed) != generation)
		set_halvings(lock, atomic_load_explicit(&lock->halvings, memory_order_relaxed) + 1);
	return VMT_LOCK_BUSY;
}

static enum vmt_lock_result take(struct vmt_lock *lock, const struct vmt_lock_ops *ops,
				 uint32_t self, bool patient)
{
	if (VMT_LIKELY(vmt_lock_take(lock, 0, self)))
		return VMT_LOCK_GOT;
	if (!patient)
		return VMT_LOCK_BUSY;

	uint32_t owner = atomic_load_explicit(&lock->owner, memory_order_relaxed);
	uint32_t generation = atomic_load_explicit(&lock->generation, memory_order_relaxed);

	if (owner && generation == atomic_load_explicit(&lock->stuck, memory_order_relaxed) &&
	    !(ops->is_crowded && ops->is_crowded(ops->context)))
		return give_up(lock, ops, owner, generation, self);
	if (spin_for(lock, self, spin_turns(lock)) || wait_for(lock, ops, self))
		return VMT_LOCK_GOT;
	if (generation != atomic_load_explicit(&lock->generation, memory_order_relaxed))
		return VMT_LOCK_BUSY;	/* it goes on, or round, only not to us */
	owner = atomic_load_explicit(&lock->owner, memory_order_relaxed);
	if (owner == 0)
		return vmt_lock_take(lock, 0, self) ? VMT_LOCK_GOT : VMT_LOCK_BUSY;
	return give_up(lock, ops, owner, generation, self);
}

enum vmt_lock_result vmt_lock_enter_taken(struct vmt_lock *lock, const struct vmt_lock_ops *ops,
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
	if (VMT_UNLIKELY(result == VMT_LOCK_BUSY)) {
		*self.held_sp = outer_sp;
		return result;
	}
	lock->outer_sp = outer_sp;
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

/* Measured at releases with sleepers only: a lock that nobody waits for need not be measured. */
static bool is_busy(struct vmt_lock *lock, uint32_t generation, uint64_t now)
{
	uint64_t passed = now - lock->measured_ns;

	if (generation - lock->measured_at >= BUSY_HOLDS || passed > BUSY_HOLDS * BUSY_NS) {
		atomic_store_explicit(&lock->is_busy, passed <= BUSY_HOLDS * BUSY_NS,
				      memory_order_relaxed);
		lock->measured_at = generation;
		lock->measured_ns = now;
	}
	return atomic_load_explicit(&lock->is_busy, memory_order_relaxed);
}

/*
 * To pass the lock from one processor to another costs more than several calls, in the kernel as
 * well, whose data go along. So a thread that takes a busy lock again and again keeps it for some
 * time. When it stops, those who still sleep do so until their patience ends: that is why a few
 * calls at a time, by however many threads, are no reason to withhold a wake.
 */
bool vmt_lock_is_wake_due(struct vmt_lock *lock, const struct vmt_lock_ops *ops)
{
	uint32_t generation = atomic_load_explicit(&lock->generation, memory_order_relaxed);
	uint32_t holds = generation - lock->woken_at;
	uint64_t now = ops->now(ops->context);

	if (is_busy(lock, generation, now) && holds < KEPT_HOLDS &&
	    now - lock->woken_ns < holds * KEPT_NS)
		return false;
	lock->woken_at = generation;
	lock->woken_ns = now;
	return true;
}

void vmt_lock_wake(struct vmt_lock *lock, const struct vmt_lock_ops *ops)
{
	if (atomic_exchange_explicit(&lock->waiters, VMT_LOCK_WOKEN, memory_order_seq_cst) ==
	    VMT_LOCK_ASLEEP)
		ops->wake(ops->context, &lock->owner);
}
