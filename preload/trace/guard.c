/* SPDX-License-Identifier: MIT */
/*
 * Connects the lock with the state. The lock itself (lock.h) knows no state, and makes no system
 * call of its own. See guard.h.
 */
#include "trace/guard.h"

#include <linux/errno.h>
#include <linux/futex.h>
#include <sys/syscall.h>

#include "kernel/mapsfile.h"
#include "os/sys.h"
#include "safety/bus.h"
#include "safety/holder.h"
#include "store/publish.h"
#include "store/recording.h"
#include "trace/account.h"
#include "trace/rebuild.h"

#define DRAIN_NS UINT64_C(20000000) /* the longest time spent on other threads' calls at once */

static void wait_on(void *context, _Atomic uint32_t *word, uint32_t value, uint64_t timeout_ns)
{
	const int64_t timeout[2] = { (int64_t)(timeout_ns / 1000000000),
				     (int64_t)(timeout_ns % 1000000000) };

	(void)context;
	if (vmt_sys4(SYS_futex, word, FUTEX_WAIT_PRIVATE, value, timeout) == -EPERM)
		__builtin_ia32_pause(); /* refused by a seccomp filter */
}

static void wake(void *context, _Atomic uint32_t *word)
{
	(void)context;
	vmt_sys3(SYS_futex, word, FUTEX_WAKE_PRIVATE, 1);
}

static uint64_t now(void *context)
{
	(void)context;
	return vmt_clock();
}

static bool is_crowded(void *context)
{
	(void)context;
	return vmt_deferred_is_crowded(&vmt_state->deferred);
}

/* There is only one lock, so no context is needed, and this need not be assembled for each call. */
static const struct vmt_lock_ops lock_ops = { wait_on,
					      wake,
					      now,
					      vmt_holder_is_alive,
					      vmt_holder_ran,
					      vmt_holder_may_stand,
					      vmt_holder_has_left,
					      is_crowded,
					      NULL };

/*
 * Under a seccomp filter even gettid may kill; the address of the thread's storage is its id then.
 * It cannot be found out whether such a thread is alive, so it is never robbed.
 */
VMT_HOT static uint32_t thread_id(const struct vmt_state *state, struct vmt_thread *thread)
{
	long tid;

	if (VMT_LIKELY(thread->tid && thread->pid == state->process.pid))
		return thread->tid;
	tid = vmt_sys0(SYS_gettid);
	if (vmt_sys_failed(tid))
		tid = (long)((uint32_t)((uintptr_t)thread >> 4) | 1u << 31);
	if (!thread->is_shared) {
		thread->tid = (uint32_t)tid;
		thread->pid = state->process.pid;
	}
	return (uint32_t)tid;
}

VMT_HOT static struct vmt_lock_self self_of(const struct vmt_state *state)
{
	struct vmt_thread *thread = vmt_thread();

	return (struct vmt_lock_self){ thread_id(state, thread), &thread->held_sp };
}

static struct vmt_site *deferred_site(struct vmt_state *state,
				      const struct vmt_deferred_call *deferred)
{
	const struct vmt_callsites_stack stack = { deferred->done.call,
						   deferred->count,
						   deferred->is_truncated,
						   deferred->pc,
						   0,
						   vmt_callsites_asked(deferred->done.call,
								       deferred->done.args),
						   0 };

	return deferred->site ? state->sites.by_id[deferred->site] :
				vmt_account_intern(state, &stack);
}

/*
 * Apply the calls that were made without the lock. They may come faster than they can be applied
 * (one takes 14 ms with 60,000 maps and no PROCMAP_QUERY), so no thread does this for long.
 */
__attribute__((noinline)) static void drain(struct vmt_state *state)
{
	struct vmt_deferred_call *deferred;
	uint64_t start = vmt_clock();

	vmt_deferred_clear_pending(&state->deferred);
	while (VMT_UNLIKELY((deferred = vmt_deferred_take(&state->deferred)))) {
		vmt_lock_go_on(&state->lock);
		if (!vmt_state_is_on()) { /* the recording has been closed */
			vmt_deferred_release(&state->deferred, deferred);
			continue;
		}
		state->code_place.headers_of = 0; /* it belonged to another call */
		vmt_account_done(state, &deferred->done, deferred_site(state, deferred), true);
		vmt_deferred_release(&state->deferred, deferred);
		if (vmt_clock() - start > DRAIN_NS) {
			/* leave the rest to the next holder */
			vmt_deferred_set_pending(&state->deferred);
			break;
		}
	}
	if (VMT_UNLIKELY(
		    atomic_exchange_explicit(&state->deferred.overflow, 0, memory_order_relaxed)) &&
	    vmt_state_is_on()) {
		uint64_t dropped =
			atomic_exchange_explicit(&state->deferred.dropped, 0, memory_order_relaxed);

		state->counters.calls_seen += dropped;
		state->counters.lost += dropped;
		state->counters.relearned++;
		vmt_publish_header(state); /* first, in case we are killed in the middle */
		vmt_account_everything(state);
	}
}

static inline bool begin(struct vmt_state *state, enum vmt_lock_result got)
{
	if (VMT_LIKELY(got != VMT_LOCK_BUSY))
		vmt_bus_enter(state);
	if (VMT_UNLIKELY(got != VMT_LOCK_GOT)) {
		if (got == VMT_LOCK_BUSY)
			return false;
		vmt_rebuild(state); /* the lock was taken over */
	}
	if (VMT_UNLIKELY(vmt_deferred_waits(&state->deferred)))
		drain(state);
	return true;
}

static inline __attribute__((always_inline)) uint64_t stack_pointer(void)
{
	return (uint64_t)(uintptr_t)__builtin_frame_address(0);
}

static inline bool enter_at(struct vmt_state *state, uint64_t place, bool patient)
{
	return begin(state,
		     vmt_lock_enter(&state->lock, &lock_ops, self_of(state), place, patient));
}

bool vmt_guard_enter_for(struct vmt_state *state, const struct vmt_regs *regs, bool patient)
{
	return enter_at(state, (uint64_t)(uintptr_t)regs | VMT_PLACE_HAS_REGS, patient);
}

bool vmt_guard_enter(struct vmt_state *state, bool patient)
{
	return enter_at(state, stack_pointer(), patient);
}

bool vmt_guard_seize(struct vmt_state *state)
{
	return begin(state,
		     vmt_lock_seize(&state->lock, &lock_ops, self_of(state), stack_pointer()));
}

void vmt_guard_enter_alone(struct vmt_state *state)
{
	struct vmt_lock_self self = self_of(state);

	vmt_bus_enter(state);
	state->lock.outer_sp = 0;
	*self.held_sp = stack_pointer();
	atomic_store_explicit(&state->lock.waiters, 0, memory_order_relaxed);
	atomic_store_explicit(&state->lock.owner, self.id, memory_order_seq_cst);
}

static inline void leave(struct vmt_state *state)
{
	vmt_recording_doing(state, VMT_DOING_NOTHING);
	if (VMT_UNLIKELY(vmt_thread()->maps.type))
		vmt_mapsfile_done();
	vmt_bus_leave();
	vmt_lock_leave(&state->lock, &lock_ops, &vmt_thread()->held_sp);
}

/* After the lock was left: apply calls that were queued after our last look. */
__attribute__((noinline)) static void drain_again(struct vmt_state *state)
{
	uint64_t start = vmt_clock();

	while (vmt_deferred_waits(&state->deferred) && vmt_clock() - start <= DRAIN_NS &&
	       vmt_guard_enter(state, false))
		leave(state);
}

/*
 * A call queued after our last look either finds the lock taken, or finds it free and drains the
 * queue itself.
 */
void vmt_guard_leave(struct vmt_state *state)
{
	leave(state);
	if (VMT_UNLIKELY(vmt_deferred_waits(&state->deferred)))
		drain_again(state);
}
