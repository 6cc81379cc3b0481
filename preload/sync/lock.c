/* SPDX-License-Identifier: MIT */
/*
 * The lock word is the owner's thread id. `stuck` is the generation of a holder that stands still:
 * only the first waiter waits for it in vain, and a new holder has a new generation. See lock.h.
 */
#include "sync/lock.h"

/*
 * In pauses, of which a processor makes 20 to 100 in a microsecond: a call and its accounting take
 * about as long as putting a thread to sleep and waking it.
 */
#define SPIN_TURNS 100u

/*
 * Passing the lock from one processor to another costs more than several calls, in the kernel as
 * well, whose data move along. So while woken threads mostly find the lock taken again, no thread
 * is woken for some time after a wake: FIRST_GAP_NS at first, four times as long after each wake in
 * vain, up to LAST_GAP_NS, and half as long after each wake that found the lock free. With 64
 * threads that do little but map and unmap, the processor time against an untraced run is 1.2, and
 * 3.1 if every other release wakes a thread. If the threads compute for 20 us in between, most
 * wakes find the lock free, and almost none is withheld.
 */
#define FIRST_GAP_NS 16000u
#define LAST_GAP_NS  256000u

/*
 * The last release may have woken nobody, so waiters check the lock by themselves. All of them
 * together do so about once every LOOK_NS, whatever their number: each look that finds the lock
 * free moves it, and what the kernel does under it, to another processor. With 64 threads that do
 * little but map and unmap, the processor time against an untraced run is 1.1, and 1.6 if there
 * are six looks a millisecond.
 */
#define LOOK_NS UINT64_C(1000000)
/* The longest turn of a thread among others. */
#define LAST_TURN_NS UINT64_C(100000000)
/* A thread that has waited for so many turns looks after this time, however many others wait. */
#define TURNS_IN_VAIN 4u
#define LAST_STEP_NS  UINT64_C(10000000)

static bool spin_for(struct vmt_lock *lock, uint32_t self)
{
	for (unsigned turn = 0; turn < SPIN_TURNS; turn++) {
		if (atomic_load_explicit(&lock->owner, memory_order_relaxed) == 0 &&
		    vmt_lock_take(lock, 0, self))
			return true;
		__builtin_ia32_pause();
	}
	return false;
}

static void tell_asleep(struct vmt_lock *lock)
{
	atomic_store_explicit(&lock->waiters, VMT_LOCK_ASLEEP, memory_order_seq_cst);
}

/* Try to take the lock after a wake, and adapt the gap to whether the wake was worth it. */
static bool take_when_woken(struct vmt_lock *lock, uint32_t self)
{
	uint32_t gap = atomic_load_explicit(&lock->gap_ns, memory_order_relaxed);
	bool is_free = vmt_lock_take(lock, 0, self);

	if (is_free)
		gap = gap < FIRST_GAP_NS ? 0 : gap / 2;
	else
		gap = gap < FIRST_GAP_NS ? FIRST_GAP_NS : gap * 4;
	if (gap <= LAST_GAP_NS)
		atomic_store_explicit(&lock->gap_ns, gap, memory_order_relaxed);
	return is_free;
}

/*
 * Sleep until the lock is left, or for timeout_ns; returns whether the lock was taken. The word
 * then says that others may be asleep, since this thread cannot know.
 */
static bool sleep_for(struct vmt_lock *lock, const struct vmt_lock_ops *ops, uint32_t self,
		      uint64_t timeout_ns)
{
	uint32_t owner;

	tell_asleep(lock);
	if (vmt_lock_take(lock, 0, self))
		return true;
	owner = atomic_load_explicit(&lock->owner, memory_order_seq_cst);
	if (owner) {
		atomic_fetch_add_explicit(&lock->asleep, 1, memory_order_relaxed);
		ops->wait(ops->context, &lock->owner, owner, timeout_ns);
		atomic_fetch_sub_explicit(&lock->asleep, 1, memory_order_relaxed);
	}
	if (atomic_load_explicit(&lock->waiters, memory_order_relaxed) != VMT_LOCK_WOKEN)
		return false;
	if (take_when_woken(lock, self) || spin_for(lock, self)) {
		tell_asleep(lock);
		return true;
	}
	return false;
}

/* One holding of the lock, as a waiter sees it. */
struct watch {
	uint32_t owner;
	uint32_t generation;
	uint64_t seen_ns; /* when the waiter looked last */
	uint64_t waited_ns; /* for how long, and… */
	uint64_t ran_ns; /* …how long the owner has run meanwhile */
	uint64_t owner_ns; /* processor time that the owner had used at the last look */
};

static struct watch watch_from(const struct vmt_lock *lock, const struct vmt_lock_ops *ops,
			       uint64_t now)
{
	struct watch watch = {
		.owner = atomic_load_explicit(&lock->owner, memory_order_relaxed),
		.generation = atomic_load_explicit(&lock->generation, memory_order_relaxed),
		.seen_ns = now,
	};

	watch.owner_ns = watch.owner ? ops->ran(ops->context, watch.owner) : 0;
	return watch;
}

static uint64_t least(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/*
 * A waiter that wanted to sleep for `step` and comes back much later had no processor meanwhile.
 * The same may be true of the holder, so little of that time counts.
 */
static void look_again(struct watch *watch, const struct vmt_lock_ops *ops, uint64_t now,
		       uint64_t step)
{
	uint64_t owner_ns = ops->ran(ops->context, watch->owner);

	watch->waited_ns += least(now - watch->seen_ns, 2 * step);
	watch->ran_ns += least(owner_ns - watch->owner_ns, 2 * step);
	watch->seen_ns = now;
	watch->owner_ns = owner_ns;
}

static bool is_same_holding(const struct vmt_lock *lock, const struct watch *watch)
{
	return watch->owner &&
	       atomic_load_explicit(&lock->owner, memory_order_relaxed) == watch->owner &&
	       atomic_load_explicit(&lock->generation, memory_order_relaxed) == watch->generation;
}

/* How long to wait for a holder at first, and how often that was halved. */
struct patience {
	_Atomic uint32_t *halvings;
	uint64_t elapsed_ns;
	uint64_t ran_ns; /* for so long after it has run */
	bool may_stand;
};

static struct patience patience_of(struct vmt_lock *lock, const struct vmt_lock_ops *ops)
{
	bool may_stand = ops->may_stand(ops->context);
	_Atomic uint32_t *halvings = &lock->halvings[may_stand ? 0 : 1];
	uint32_t halved = atomic_load_explicit(halvings, memory_order_relaxed);

	return (struct patience){
		.halvings = halvings,
		.elapsed_ns = may_stand ? VMT_LOCK_PATIENCE_NS >> halved : VMT_LOCK_STARVED_NS,
		.ran_ns = VMT_LOCK_RUNNING_NS >> halved,
		.may_stand = may_stand,
	};
}

static void halve(const struct patience *patience)
{
	uint32_t halved = atomic_load_explicit(patience->halvings, memory_order_relaxed);

	if (halved < (patience->may_stand ? VMT_LOCK_HALVINGS : VMT_LOCK_RUNNING_HALVINGS))
		atomic_store_explicit(patience->halvings, halved + 1, memory_order_relaxed);
}

static bool is_hopeless(const struct watch *watch, const struct patience *patience)
{
	return watch->waited_ns >= patience->elapsed_ns || watch->ran_ns >= patience->ran_ns;
}

/* Later threads need not wait for this holding as well. */
static enum vmt_lock_result give_up(struct vmt_lock *lock, const struct vmt_lock_ops *ops,
				    const struct watch *watch, const struct patience *patience,
				    uint32_t self)
{
	if (!ops->is_alive(ops->context, watch->owner) && vmt_lock_take(lock, watch->owner, self))
		return VMT_LOCK_ROBBED;
	if (atomic_exchange_explicit(&lock->stuck, watch->generation, memory_order_relaxed) !=
	    watch->generation)
		halve(patience);
	return VMT_LOCK_BUSY;
}

/* If we needed over half of the patience, one halving was too many. */
static void note_worth(const struct patience *patience, uint64_t waited_ns)
{
	uint64_t most = patience->may_stand ? patience->elapsed_ns : patience->ran_ns;
	uint32_t halved = atomic_load_explicit(patience->halvings, memory_order_relaxed);

	if (halved && waited_ns > most / 2)
		atomic_store_explicit(patience->halvings, halved - 1, memory_order_relaxed);
}

/* How long a thread sleeps before it looks at the lock, if it has slept for asleep_ns. */
static uint64_t step_for(const struct vmt_lock *lock, uint64_t asleep_ns)
{
	uint64_t turn = LOOK_NS * (1 + atomic_load_explicit(&lock->asleep, memory_order_relaxed));

	turn = least(turn, LAST_TURN_NS);
	return asleep_ns < TURNS_IN_VAIN * turn ? turn : LAST_STEP_NS;
}

static bool is_awaiting(const struct vmt_lock *lock)
{
	return atomic_load_explicit(&lock->awaiting, memory_order_relaxed) ==
	       atomic_load_explicit(&lock->generation, memory_order_relaxed);
}

/* Sleep, and check in between whether waiting still makes sense. */
static enum vmt_lock_result wait_for(struct vmt_lock *lock, const struct vmt_lock_ops *ops,
				     uint32_t self)
{
	const struct patience patience = patience_of(lock, ops);
	uint64_t start = ops->now(ops->context);
	uint64_t now = start, before;
	uint64_t asleep_ns = 0; /* as look_again() counts it */
	struct watch watch = watch_from(lock, ops, now);

	while (now - start < VMT_LOCK_LIMIT_NS) {
		uint64_t step = step_for(lock, asleep_ns);
		uint64_t left = patience.elapsed_ns - watch.waited_ns;

		if (sleep_for(lock, ops, self, least(step, left))) {
			note_worth(&patience, ops->now(ops->context) - start);
			return VMT_LOCK_GOT;
		}
		before = now;
		now = ops->now(ops->context);
		asleep_ns += least(now - before, 2 * step);
		if (!is_same_holding(lock, &watch)) {
			watch = watch_from(lock, ops, now);
			continue;
		}
		if (is_awaiting(lock))
			return VMT_LOCK_BUSY;
		look_again(&watch, ops, now, step);
		if (!is_hopeless(&watch, &patience))
			continue;
		if (is_same_holding(lock, &watch))
			return give_up(lock, ops, &watch, &patience, self);
		watch = watch_from(lock, ops, now);
	}
	return VMT_LOCK_BUSY;
}

static bool is_given_up(const struct vmt_lock *lock, const struct vmt_lock_ops *ops)
{
	return atomic_load_explicit(&lock->owner, memory_order_relaxed) &&
	       atomic_load_explicit(&lock->generation, memory_order_relaxed) ==
		       atomic_load_explicit(&lock->stuck, memory_order_relaxed) &&
	       !(ops->is_crowded && ops->is_crowded(ops->context));
}

static enum vmt_lock_result take(struct vmt_lock *lock, const struct vmt_lock_ops *ops,
				 uint32_t self, bool patient)
{
	if (VMT_LIKELY(vmt_lock_take(lock, 0, self)))
		return VMT_LOCK_GOT;
	if (!patient || is_awaiting(lock))
		return VMT_LOCK_BUSY;
	if (is_given_up(lock, ops)) {
		const struct patience patience = patience_of(lock, ops);
		struct watch watch = watch_from(lock, ops, 0);

		return watch.owner ? give_up(lock, ops, &watch, &patience, self) : VMT_LOCK_BUSY;
	}
	if (spin_for(lock, self))
		return VMT_LOCK_GOT;
	return wait_for(lock, ops, self);
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

bool vmt_lock_is_wake_due(struct vmt_lock *lock, const struct vmt_lock_ops *ops)
{
	uint64_t now = ops->now(ops->context);

	if (now - lock->woken_ns < atomic_load_explicit(&lock->gap_ns, memory_order_relaxed))
		return false;
	lock->woken_ns = now;
	return true;
}

void vmt_lock_wake(struct vmt_lock *lock, const struct vmt_lock_ops *ops)
{
	if (atomic_exchange_explicit(&lock->waiters, VMT_LOCK_WOKEN, memory_order_seq_cst) ==
	    VMT_LOCK_ASLEEP)
		ops->wake(ops->context, &lock->owner);
}
