/* SPDX-License-Identifier: MIT */
/*
 * The room behind all doors: take the lock, make the call, learn what it did. Who does not
 * get the lock in time makes the call all the same and leaves word of it in the late queue, which
 * the holder empties. Called in signal handlers, in threads, before main, in vfork children.
 */
#include <linux/errno.h>
#include <linux/futex.h>
#include <linux/sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include "account.h"
#include "aside.h"
#include "ask.h"
#include "bus.h"
#include "call.h"
#include "capture/gate.h"
#include "core/calls.h"
#include "failure.h"
#include "holder.h"
#include "life.h"
#include "mapsfile.h"
#include "new_text.h"
#include "other.h"
#include "own_stack.h"
#include "publish.h"
#include "rare.h"
#include "recording.h"
#include "room.h"
#include "spare.h"
#include "sys.h"
#include "unwind_learn.h"
#include "unwind_whole.h"
#include "verify.h"

#define DRAIN_NS UINT64_C(20000000)	/* for others' calls, at one go */

static void wait_on(void *context, _Atomic uint32_t *word, uint32_t value, uint64_t timeout_ns)
{
	const int64_t timeout[2] = { (int64_t)(timeout_ns / 1000000000),
				     (int64_t)(timeout_ns % 1000000000) };

	(void)context;
	if (vmt_sys4(SYS_futex, word, FUTEX_WAIT_PRIVATE, value, timeout) == -EPERM)
		__builtin_ia32_pause();	/* a seccomp filter */
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
	return vmt_late_is_crowded(&vmt_state->late);
}

/* There is one lock only: no context, so that they need not be put together for each call. */
static const struct vmt_lock_ops lock_ops = { wait_on, wake, now,
					      vmt_holder_is_alive, vmt_holder_ran,
					      vmt_holder_may_stand, vmt_holder_has_left, is_crowded, NULL };

static bool is_rare(enum vmt_call_id id)
{
	return id == VMT_CALL_IO_SETUP || id == VMT_CALL_IOCTL || id == VMT_CALL_PROCESS_MADVISE;
}

/* Make the call; what it has written for the program is read here, where the program waits for it. */
VMT_HOT static void make_done(struct vmt_state *state, struct vmt_done *done, long nr)
{
	done->result = vmt_sys6(nr, done->args[0], done->args[1], done->args[2], done->args[3],
				done->args[4], done->args[5]);
	if (VMT_UNLIKELY(is_rare(done->call)))
		vmt_rare_complete(state, done);
}

static bool is_on(void)
{
	return atomic_load_explicit(&vmt_phase, memory_order_acquire) == VMT_PHASE_ON;
}

/*
 * Under a seccomp filter even gettid may kill: then the thread's own storage is its id. It cannot be
 * asked whether it is alive, so nobody is robbed.
 */
VMT_HOT static uint32_t thread_id(const struct vmt_state *state, struct vmt_thread *thread)
{
	long tid;

	if (VMT_LIKELY(thread->tid && thread->pid == state->pid))
		return thread->tid;
	tid = vmt_sys0(SYS_gettid);
	thread->tid = vmt_sys_failed(tid) ? (uint32_t)((uintptr_t)thread >> 4) | 1u << 31 :
					    (uint32_t)tid;
	thread->pid = state->pid;
	return thread->tid;
}

VMT_HOT static struct vmt_lock_self self_of(const struct vmt_state *state)
{
	struct vmt_thread *thread = vmt_thread();

	return (struct vmt_lock_self){ thread_id(state, thread), &thread->held_sp };
}

/*
 * Learn the calls that were made without the lock. They may come in faster than they can be
 * learnt (with 60,000 maps and no PROCMAP_QUERY one takes 14 ms), so nobody does it for long.
 */
__attribute__((noinline)) static void drain(struct vmt_state *state)
{
	struct vmt_late_call *late;
	uint64_t start = vmt_clock();

	vmt_late_hear(&state->late);
	while (VMT_UNLIKELY((late = vmt_late_take(&state->late)))) {
		vmt_lock_go_on(&state->lock);
		if (!is_on()) {	/* the books are closed */
			vmt_late_release(&state->late, late);
			continue;
		}

		const struct vmt_raw_stack stack = {
			late->done.call, late->count, late->is_truncated, late->pc, 0
		};

		vmt_account_done(state, &late->done, vmt_account_intern(state, &stack), true);
		vmt_late_release(&state->late, late);
		if (vmt_clock() - start > DRAIN_NS) {
			vmt_late_tell(&state->late);	/* to whom has the lock next */
			break;
		}
	}
	if (VMT_UNLIKELY(atomic_exchange_explicit(&state->late.overflow, 0,
						  memory_order_relaxed)) && is_on()) {
		uint64_t dropped = atomic_exchange_explicit(&state->late.dropped, 0,
							    memory_order_relaxed);

		state->counters.calls_seen += dropped;
		state->counters.lost += dropped;
		state->counters.relearned++;
		vmt_publish_header(state);	/* first: should we be killed in the middle */
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
		vmt_account_rebuild(state);	/* robbed */
	}
	if (VMT_UNLIKELY(vmt_late_waits(&state->late)))
		drain(state);
	return true;
}

static inline __attribute__((always_inline)) uint64_t stack_pointer(void)
{
	return (uint64_t)(uintptr_t)__builtin_frame_address(0);
}

static inline bool lock(struct vmt_state *state, uint64_t place, bool patient)
{
	return begin(state, vmt_lock_enter(&state->lock, &lock_ops, self_of(state), place,
					   patient));
}

bool vmt_call_lock(struct vmt_state *state, bool patient)
{
	return lock(state, stack_pointer(), patient);
}

bool vmt_call_seize(struct vmt_state *state)
{
	return begin(state, vmt_lock_seize(&state->lock, &lock_ops, self_of(state),
					   stack_pointer()));
}

void vmt_call_lock_alone(struct vmt_state *state)
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
	vmt_mapsfile_done();
	vmt_bus_leave();
	vmt_lock_leave(&state->lock, &lock_ops, &vmt_thread()->held_sp);
}

/* After the lock was left: learn the calls that came too late for our last look. */
__attribute__((noinline)) static void drain_again(struct vmt_state *state)
{
	uint64_t start = vmt_clock();

	while (vmt_late_waits(&state->late) && vmt_clock() - start <= DRAIN_NS &&
	       vmt_call_lock(state, false))
		leave(state);
}

/* A call that came too late for our last look finds the lock taken, or finds it free and drains itself. */
static inline void unlock(struct vmt_state *state)
{
	leave(state);
	if (VMT_UNLIKELY(vmt_late_waits(&state->late)))
		drain_again(state);
}

void vmt_call_unlock(struct vmt_state *state)
{
	unlock(state);
}

VMT_HOT static long call_locked(struct vmt_state *state, struct vmt_done *done, long nr,
			struct vmt_site *site)
{
	vmt_recording_doing(state, VMT_DOING_CALL);
	if (VMT_UNLIKELY(done->is_loaders) && done->call == VMT_CALL_MUNMAP)
		vmt_unwind_learn_before(done);
	make_done(state, done, nr);
	vmt_new_text_catch(state, done);
	vmt_account_done(state, done, site, false);
	vmt_verify(state, done);
	unlock(state);
	if (VMT_UNLIKELY(vmt_failure_is_due(state)))
		vmt_failure_say(state);
	return done->result;
}

/* One stack in four: those that never come again should not cost much. */
static bool is_to_be_kept(struct vmt_state *state, const struct vmt_stack *stack,
			  const struct vmt_site *site)
{
	return stack->count && stack->recalled == stack->count && stack->flags == 0 &&
	       site->id >= VMT_SITE_FIRST && !(site->flags & VMT_SITE_LOST) &&
	       state->stacks_recalled++ % 4 == 0;
}

static struct vmt_site *site_of(struct vmt_state *state, enum vmt_call_id id,
				const struct vmt_regs *regs, struct vmt_stack *stack)
{
	const struct vmt_raw_stack raw = { id, stack->count, stack->flags & VMT_STACK_TRUNCATED,
					   stack->pc, stack->hash };
	struct vmt_site *site = vmt_account_intern(state, &raw);

	if (is_to_be_kept(state, stack, site))
		vmt_unwind_whole_keep(regs, id, site->id, stack);
	return site;
}

static void leave_word(struct vmt_state *state, const struct vmt_done *done,
		       const struct vmt_stack *stack)
{
	struct vmt_late_call *late = vmt_late_claim(&state->late);

	if (!late)
		return;
	late->done = *done;
	late->count = stack->count;
	late->is_truncated = stack->flags & VMT_STACK_TRUNCATED;
	for (uint32_t i = 0; i < stack->count; i++)
		late->pc[i] = stack->pc[i];
	vmt_late_publish(&state->late, late);
}

static long call_outside(struct vmt_state *state, struct vmt_done *done, long nr,
			 const struct vmt_stack *stack, const struct vmt_regs *regs, bool patient)
{
	atomic_fetch_add_explicit(&state->late.outside, 1, memory_order_seq_cst);
	make_done(state, done, nr);
	leave_word(state, done, stack);
	atomic_fetch_sub_explicit(&state->late.outside, 1, memory_order_seq_cst);
	if (lock(state, vmt_holder_place(regs), patient)) {
		if (is_on())
			vmt_verify(state, done);
		vmt_call_unlock(state);
	}
	return done->result;
}

/* Kept apart so that the stack's 500 bytes are taken only by calls that need them. */
__attribute__((noinline)) static long record_walked(struct vmt_state *state, struct vmt_done *done,
						    long nr, const struct vmt_regs *regs,
						    bool is_slow, bool patient)
{
	struct vmt_stack stack;

	vmt_unwind(regs, &stack);
	if (is_slow)
		return call_outside(state, done, nr, &stack, regs, true);
	if (patient && VMT_LIKELY(lock(state, vmt_holder_place(regs), true))) {
		if (VMT_LIKELY(is_on()))
			return call_locked(state, done, nr, site_of(state, done->call, regs, &stack));
		vmt_call_unlock(state);	/* the books were closed while we waited */
		return vmt_aside_make(nr, done->args);
	}
	return call_outside(state, done, nr, &stack, regs, false);
}

/* A library, or a piece of it, mapped or unmapped by ld.so. */
static inline bool is_loaders(const struct vmt_state *state, enum vmt_call_id id,
			      const long args[6], const struct vmt_regs *regs)
{
	return (id == VMT_CALL_MUNMAP || (id == VMT_CALL_MMAP && !(args[3] & MAP_ANONYMOUS))) &&
	       vmt_range_has(state->loader, regs->pc);
}

/* Bytes that are taken from the stack, or forbidden, are no room on it any more. */
static inline void note_room(const long args[6])
{
	struct vmt_thread *thread = vmt_thread();
	uint64_t start = (uint64_t)args[0];

	if (VMT_LIKELY(start >= thread->room[1] ||
		       start + (uint64_t)args[1] <= thread->room[0] - VMT_ROOM))
		return;
	vmt_own_stack_forget_room();
	vmt_stack_bounds_forget();
}

/* A stack that is remembered need not be walked, unless the call is made without the lock. */
VMT_HOT static long record(struct vmt_state *state, enum vmt_call_id id, long nr, const long args[6],
			  const struct vmt_regs *regs)
{
	struct vmt_done done = { .call = id,
				 .args = { args[0], args[1], args[2], args[3], args[4], args[5] },
				 .result = 0,
				 .brk = 0,
				 .aio = 0,
				 .is_loaders = is_loaders(state, id, args, regs),
				 .told = { 0, 0 } };
	bool is_slow = id != VMT_CALL_MUNMAP && vmt_change_is_slow(id, args);
	struct vmt_whole whole;

	if (id != VMT_CALL_BRK)	/* whose second argument is none */
		note_room(args);
	if (is_slow || !vmt_unwind_whole_recall(regs, vmt_stack_bounds_kept(), id, &whole))
		return record_walked(state, &done, nr, regs, is_slow, true);
	if (VMT_UNLIKELY(!lock(state, vmt_holder_place(regs), true)))
		return record_walked(state, &done, nr, regs, false, false);
	if (VMT_LIKELY(is_on() && vmt_unwind_whole_holds(&whole))) {
		vmt_verify_site(state, id, regs, whole.site);
		return call_locked(state, &done, nr, state->sites.by_id[whole.site]);
	}
	vmt_call_unlock(state);	/* the books were closed, or code has gone, while we waited */
	return record_walked(state, &done, nr, regs, false, true);
}

/* The commonest, whatever their arguments. */
static bool always_can(enum vmt_call_id id)
{
	return id == VMT_CALL_MMAP || id == VMT_CALL_MUNMAP || id == VMT_CALL_MPROTECT;
}

VMT_HOT long vmt_call_here(long nr, const long args[6], const struct vmt_regs *regs)
{
	struct vmt_state *state = vmt_state;
	enum vmt_call_id id;

	if (VMT_UNLIKELY(!is_on()))
		return vmt_aside_make(nr, args);
	id = vmt_call_of_nr(nr);
	if (VMT_UNLIKELY(*vmt_alive != VMT_ALIVE)) {
		if (id == VMT_CALL_NONE)
			return vmt_other_child_call(state, nr, args);
		if (!vmt_life_start_child(state) || !is_on())
			return vmt_aside_make(nr, args);
	}
	if (id == VMT_CALL_NONE ||
	    (id == VMT_CALL_CLOSE && !vmt_rare_is_userfault_close(state, nr, args)))
		return vmt_other_call(state, nr, args);
	if (VMT_UNLIKELY(id == VMT_CALL_MADVISE && vmt_spare_is_due(state, args)))
		return vmt_spare_make(state, args, regs);
	if (!always_can(id) && id != VMT_CALL_CLOSE && !vmt_change_is_possible(id, args)) {
		if (id != VMT_CALL_PRCTL && id != VMT_CALL_IOCTL && id != VMT_CALL_ARCH_PRCTL)
			atomic_fetch_add_explicit(&state->passed[id], 1, memory_order_relaxed);
		return vmt_other_call(state, nr, args);
	}
	return record(state, id, nr, args, regs);
}

/* Does the call concern what is the thread's? Then nothing of it can be used afterwards. */
static bool takes_thread(const long args[6])
{
	uint64_t start = (uint64_t)args[0];

	return (uint64_t)(uintptr_t)vmt_thread() - start < (uint64_t)args[1] ||
	       (uint64_t)(uintptr_t)__builtin_thread_pointer() - start < (uint64_t)args[1];
}

static long call_without_thread(struct vmt_state *state, enum vmt_call_id id, long nr,
				const long args[6], const struct vmt_regs *regs)
{
	struct vmt_done done = { .call = id,
				 .args = { args[0], args[1], args[2], args[3], args[4], args[5] } };
	struct vmt_stack stack;

	vmt_unwind(regs, &stack);
	atomic_fetch_add_explicit(&state->late.outside, 1, memory_order_seq_cst);
	make_done(state, &done, nr);
	leave_word(state, &done, &stack);
	atomic_fetch_sub_explicit(&state->late.outside, 1, memory_order_seq_cst);
	return done.result;
}

/* As gate.S asks it. */
static bool has_room(uint64_t sp, const long args[6])
{
	const struct vmt_thread *thread = vmt_thread();

	return sp >= thread->room[0] && sp < thread->room[1] &&
	       sp - (uint64_t)args[0] >= (uint64_t)args[1] + VMT_ROOM;
}

long vmt_call_elsewhere(long nr, const long args[6], const struct vmt_regs *regs)
{
	struct vmt_state *state = vmt_state;
	enum vmt_call_id id = vmt_call_of_nr(nr);

	if (VMT_UNLIKELY(always_can(id) && takes_thread(args) && is_on() &&
			 *vmt_alive == VMT_ALIVE))
		return call_without_thread(state, id, nr, args, regs);
	if (nr == SYS_execve || nr == SYS_execveat) {	/* may never come back to leave this stack */
		if (is_on() && vmt_life_is_ours(state))
			vmt_life_before_exec(state);
		vmt_bus_before_exec();
		return VMT_BY_SITE;
	}
	if (is_on()) {
		vmt_own_stack_find_room(state, regs->sp);
		if (has_room(regs->sp, args))
			return VMT_BY_STACK;
	}
	return vmt_call_here(nr, args, regs);
}

#if !defined(__x86_64__)	/* others: gate.S */
long vmt_call(long nr, const long args[6], const struct vmt_regs *regs)
{
	return vmt_call_here(nr, args, regs);
}
#endif
