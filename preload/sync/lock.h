/* SPDX-License-Identifier: MIT */
/*
 * One lock covers a call and the update of the table with what the call did. No thread waits for it
 * without bound, because a program that stops its threads in signal handlers would hang otherwise.
 * A holder that has gone (its thread has ended, or has jumped out of the call) loses the lock to
 * the next thread that wants it: it is robbed.
 *
 * No system call is made here. Effects are passed as functions, so that race tests can drive the
 * lock.
 */
#ifndef VMT_LOCK_H
#define VMT_LOCK_H

#include <stdatomic.h>

#include "core/base/base.h"

/*
 * How long a thread waits depends on what the holder does, because elapsed time alone says nothing
 * where threads wait for a processor. A holder that runs is given up after it has run for so long…
 * A virtual machine counts as running also the time in which the processor is another machine's.
 */
#define VMT_LOCK_RUNNING_NS UINT64_C(256000000)
/* …and one that does not run after this time. */
#define VMT_LOCK_STARVED_NS UINT64_C(500000000)
/*
 * But where threads send each other signals, the holder may stand still in a handler until one of
 * those who wait for it goes on: there, it is given up after so long.
 */
#define VMT_LOCK_PATIENCE_NS UINT64_C(2000000)
/*
 * The first and the last are halved once more by each wait in vain and once less by each that was
 * worth its time. In a program that stops its threads, waiting is nearly always in vain.
 */
#define VMT_LOCK_HALVINGS         5u
#define VMT_LOCK_RUNNING_HALVINGS 7u
/* The most that anybody waits, should others take the lock again and again. */
#define VMT_LOCK_LIMIT_NS UINT64_C(10000000000)

enum vmt_lock_result {
	VMT_LOCK_BUSY, /* a thread holds it, and may go on holding it */
	VMT_LOCK_GOT,
	VMT_LOCK_ROBBED, /* taken from a holder that is gone: the data may be half-changed */
};

enum vmt_lock_waiters {
	VMT_LOCK_NOBODY, /* no waiter sleeps */
	VMT_LOCK_ASLEEP, /* a waiter may sleep */
	VMT_LOCK_WOKEN, /* a thread that slept is on its way: no need to wake another */
};

struct vmt_lock {
	_Atomic uint32_t owner; /* thread id, 0 = free */
	_Atomic uint32_t waiters; /* enum vmt_lock_waiters */
	/* of the present holding; vmt_lock_go_on() increments it as well */
	_Atomic uint32_t generation;
	_Atomic uint32_t stuck; /* the generation that a thread has waited for in vain */
	_Atomic uint32_t awaiting; /* the generation of a holder that waits for its waiters */
	_Atomic uint32_t asleep; /* how many threads wait asleep */
	_Atomic uint32_t gap_ns; /* for so long after a wake, no other thread is woken */
	/* how often the patience for a holder that may stand still was halved, and for others */
	_Atomic uint32_t halvings[2];
	/* Used by the holder only: */
	uint64_t outer_sp; /* the earlier value of its *sp */
	uint64_t woken_ns; /* when a thread was woken last */
};

struct vmt_lock_ops {
	/* Sleep until *word is no longer value, a wake, or timeout_ns; may return early. */
	void (*wait)(void *context, _Atomic uint32_t *word, uint32_t value, uint64_t timeout_ns);
	void (*wake)(void *context, _Atomic uint32_t *word);
	uint64_t (*now)(void *context); /* ns, monotonic */
	bool (*is_alive)(void *context, uint32_t thread);
	/*
	 * Returns the processor time that the thread has used, ns; always the same if that is
	 * unknown.
	 */
	uint64_t (*ran)(void *context, uint32_t thread);
	/* Could another thread keep the holder from going on? */
	bool (*may_stand)(void *context);
	/* The calling thread is the owner, entered with its stack at held_sp, and comes
	 * again at sp: has that first frame been left for good? */
	bool (*has_left)(void *context, uint64_t held_sp, uint64_t sp);
	/* Do calls made without the lock pile up? May be NULL. */
	bool (*is_crowded)(void *context);
	void *context;
};

/*
 * The calling thread: its id, and where it remembers the stack pointer it took the lock with. It is
 * written before the lock is tried, so that a handler that comes in between is not misled.
 */
struct vmt_lock_self {
	uint32_t id;
	volatile uint64_t *held_sp;
};

/* The holder is doing something that takes long, but it is not stuck: waiters need not give up. */
static inline void vmt_lock_go_on(struct vmt_lock *lock)
{
	uint32_t generation = atomic_load_explicit(&lock->generation, memory_order_relaxed);

	/* Only the holder writes this. */
	atomic_store_explicit(&lock->generation, generation + 1, memory_order_relaxed);
}

/*
 * Take the lock when it is free (from = 0), or from a holder that is gone. Sequentially consistent
 * with the words of deferred.h: if a thread queues a call and then finds the lock taken, the holder
 * sees that call when it looks at the queue for the last time.
 */
static inline bool vmt_lock_take(struct vmt_lock *lock, uint32_t from, uint32_t self)
{
	if (!atomic_compare_exchange_strong_explicit(&lock->owner, &from, self,
						     memory_order_seq_cst, memory_order_seq_cst))
		return false;
	vmt_lock_go_on(lock);
	return true;
}

/* The slow parts of the two functions below. */
enum vmt_lock_result vmt_lock_enter_taken(struct vmt_lock *lock, const struct vmt_lock_ops *ops,
					  struct vmt_lock_self self, uint64_t sp, bool patient);
bool vmt_lock_is_wake_due(struct vmt_lock *lock, const struct vmt_lock_ops *ops);
void vmt_lock_wake(struct vmt_lock *lock, const struct vmt_lock_ops *ops);

/*
 * patient: wait as the constants above say, but for a holder that another thread has given up only
 * if calls made without the lock pile up. Otherwise do not wait at all.
 */
static inline enum vmt_lock_result vmt_lock_enter(struct vmt_lock *lock,
						  const struct vmt_lock_ops *ops,
						  struct vmt_lock_self self, uint64_t sp,
						  bool patient)
{
	uint64_t outer_sp = *self.held_sp;

	if (VMT_UNLIKELY(atomic_load_explicit(&lock->owner, memory_order_relaxed)))
		return vmt_lock_enter_taken(lock, ops, self, sp, patient);
	*self.held_sp = sp;
	atomic_signal_fence(memory_order_seq_cst);
	if (VMT_UNLIKELY(!vmt_lock_take(lock, 0, self.id))) {
		*self.held_sp = outer_sp;
		return vmt_lock_enter_taken(lock, ops, self, sp, patient);
	}
	lock->outer_sp = outer_sp;
	return VMT_LOCK_GOT;
}

static inline bool vmt_lock_has_sleepers(const struct vmt_lock *lock)
{
	return VMT_UNLIKELY(atomic_load_explicit(&lock->waiters, memory_order_seq_cst) ==
			    VMT_LOCK_ASLEEP);
}

/* held_sp: where the holder has noted its stack pointer. */
static inline void vmt_lock_leave(struct vmt_lock *lock, const struct vmt_lock_ops *ops,
				  volatile uint64_t *held_sp)
{
	uint64_t outer_sp = lock->outer_sp;
	bool is_due = !vmt_lock_has_sleepers(lock) || vmt_lock_is_wake_due(lock, ops);

	atomic_exchange_explicit(&lock->owner, 0, memory_order_seq_cst);
	*held_sp = outer_sp;
	if (vmt_lock_has_sleepers(lock) && is_due)
		vmt_lock_wake(lock, ops);
}

/* The holder will wait for threads that wait for the lock: they give up at once. */
static inline void vmt_lock_await(struct vmt_lock *lock)
{
	atomic_store_explicit(&lock->awaiting,
			      atomic_load_explicit(&lock->generation, memory_order_relaxed),
			      memory_order_relaxed);
}

/*
 * The calling thread will never return to what it interrupted: take the lock if it is free or this
 * thread's own. Returns VMT_LOCK_BUSY if another thread has it.
 */
enum vmt_lock_result vmt_lock_seize(struct vmt_lock *lock, const struct vmt_lock_ops *ops,
				    struct vmt_lock_self self, uint64_t sp);

#endif
