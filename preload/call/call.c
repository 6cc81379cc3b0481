/* SPDX-License-Identifier: MIT */
/*
 * All captured calls come in here. A call that cannot change maps is passed on. For any other, the
 * stack is found, the lock is taken, the call is made, and the table is brought up to date with
 * what it did; deferred.h lists when the call is made without the lock. All of this runs in signal
 * handlers, in threads, before main and in vfork children.
 */
#include <linux/errno.h>
#include <sys/mman.h>
#include <sys/shm.h>
#include <sys/syscall.h>

#include "call/alarm.h"
#include "call/other.h"
#include "core/base/calls.h"
#include "filter/carry.h"
#include "os/sys.h"
#include "os/valgrind.h"
#include "patch/gate.h"
#include "patch/home.h"
#include "process/exec.h"
#include "process/exit.h"
#include "process/fork.h"
#include "remedy/remedy.h"
#include "safety/aside.h"
#include "safety/bus.h"
#include "safety/holder.h"
#include "safety/own_stack.h"
#include "safety/spare.h"
#include "store/publish.h"
#include "store/recording.h"
#include "trace/account.h"
#include "trace/allocations.h"
#include "trace/guard.h"
#include "trace/new_text.h"
#include "trace/room.h"
#include "trace/script.h"
#include "trace/user_args.h"
#include "trace/verify.h"
#include "unwind/unwind_learn.h"
#include "unwind/unwind_recall.h"

static bool has_user_args(enum vmt_call_id id)
{
	return id == VMT_CALL_IO_SETUP || id == VMT_CALL_IOCTL || id == VMT_CALL_PROCESS_MADVISE;
}

/* Make the call, and read what it has written for the program, while the program waits for it. */
VMT_HOT static void make_done(struct vmt_state *state, struct vmt_done *done, long nr)
{
	done->result = vmt_sys6(nr, done->args[0], done->args[1], done->args[2], done->args[3],
				done->args[4], done->args[5]);
	if (VMT_UNLIKELY(has_user_args(done->call)))
		vmt_user_args_complete(state, done);
}

/* Is this an mmap that makes a private map of a file executable, such as the text of a module? */
static bool maps_text(const struct vmt_done *done)
{
	const long text = PROT_READ | PROT_EXEC;

	return done->call == VMT_CALL_MMAP && (done->args[2] & text) == text &&
	       !(done->args[3] & MAP_ANONYMOUS) && (done->args[3] & MAP_PRIVATE);
}

VMT_HOT static long call_locked(struct vmt_state *state, struct vmt_done *done, long nr,
				struct vmt_site *site)
{
	vmt_recording_doing(state, VMT_DOING_CALL);
	if (VMT_UNLIKELY(done->is_loaders) && done->call == VMT_CALL_MUNMAP)
		vmt_unwind_learn_before(done);
	make_done(state, done, nr);
	if (VMT_UNLIKELY(maps_text(done)))
		vmt_new_text_catch(state, done);
	vmt_account_done(state, done, site, false);
	if (VMT_UNLIKELY(state->is_verifying))
		vmt_verify_table(state, done);
	vmt_guard_leave(state);
	if (VMT_UNLIKELY(atomic_load_explicit(&state->alarms.due, memory_order_relaxed)))
		vmt_alarm_say(state);
	if (VMT_UNLIKELY(done->result == -ENOMEM))
		vmt_alarm_wait(state, false);
	return done->result;
}

/*
 * One stack in four is kept, so that stacks that occur only once cost little: of a python script with
 * 3,000 large allocations, keeping all costs 1.1 % more instructions. Calls from 200 stacks in turns
 * cost the same either way.
 */
static bool is_worth_keeping(struct vmt_state *state, const struct vmt_walk *stack,
			     const struct vmt_site *site)
{
	return stack->count && !stack->is_doubtful && stack->recalled == stack->count &&
	       stack->flags == 0 && site->id >= VMT_SITE_FIRST && !(site->flags & VMT_SITE_LOST) &&
	       state->stacks_recalled++ % 4 == 0;
}

static struct vmt_site *site_of(struct vmt_state *state, const struct vmt_done *done,
				const struct vmt_regs *regs, struct vmt_walk *stack)
{
	enum vmt_call_id id = done->call;
	struct vmt_callsites_stack raw = {
		id,           stack->count, stack->flags & VMT_WALK_TRUNCATED,
		stack->pc,    stack->hash,  vmt_callsites_asked(id, done->args),
		stack->script
	};
	struct vmt_site *site;

	if (vmt_python_is_known()) {
		vmt_script_look(state, stack);
		raw.script = stack->script;
	}
	site = vmt_account_intern(state, &raw);
	if (VMT_UNLIKELY(vmt_allocations_is_free(done, stack)))
		vmt_publish_site_of_free(state, site);
	if (is_worth_keeping(state, stack, site))
		vmt_unwind_recall_keep(regs, id, site->id, stack);
	return site;
}

static void defer_call(struct vmt_state *state, const struct vmt_done *done,
		       const struct vmt_walk *stack, uint32_t site)
{
	struct vmt_deferred_call *deferred = vmt_deferred_claim(&state->deferred);

	if (!deferred)
		return;
	deferred->done = *done;
	deferred->site = site;
	deferred->count = stack->count;
	deferred->is_truncated = stack->flags & VMT_WALK_TRUNCATED;
	for (uint32_t i = 0; i < stack->count; i++)
		deferred->pc[i] = stack->pc[i];
	vmt_deferred_publish(&state->deferred, deferred);
}

static void make_deferred(struct vmt_state *state, struct vmt_done *done, long nr,
			  const struct vmt_walk *stack, uint32_t site)
{
	atomic_fetch_add_explicit(&state->deferred.outside, 1, memory_order_seq_cst);
	make_done(state, done, nr);
	defer_call(state, done, stack, site);
	atomic_fetch_sub_explicit(&state->deferred.outside, 1, memory_order_seq_cst);
}

/*
 * Where a script runs, its functions must be found before the call is made, and under the lock.
 * Returns 0 if the lock was not available: the site is that of the C stack alone then.
 */
static uint32_t site_before(struct vmt_state *state, const struct vmt_done *done,
			    const struct vmt_regs *regs, struct vmt_walk *stack)
{
	uint32_t site = 0;

	if (!vmt_python_is_known() || !vmt_guard_enter_for(state, regs, false))
		return 0;
	if (vmt_state_is_on())
		site = site_of(state, done, regs, stack)->id;
	vmt_guard_leave(state);
	return site;
}

static long call_outside(struct vmt_state *state, struct vmt_done *done, long nr,
			 struct vmt_walk *stack, const struct vmt_regs *regs, bool patient)
{
	make_deferred(state, done, nr, stack, site_before(state, done, regs, stack));
	if (vmt_guard_enter_for(state, regs, patient)) {
		if (vmt_state_is_on() && state->is_verifying)
			vmt_verify_table(state, done);
		vmt_guard_leave(state);
	}
	if (VMT_UNLIKELY(done->result == -ENOMEM))
		vmt_alarm_wait(state, true);
	return done->result;
}

/* noinline, so that only calls that need the stack's 500 bytes take them. */
__attribute__((noinline)) static long call_walked(struct vmt_state *state, struct vmt_done *done,
						  long nr, const struct vmt_regs *regs,
						  bool may_take_long, bool patient)
{
	struct vmt_walk stack;

	vmt_unwind(regs, &stack);
	if (may_take_long || vmt_user_args_may_wait(state, done)) {
		call_outside(state, done, nr, &stack, regs, true);
		vmt_user_args_note_move(state, done);
		return done->result;
	}
	if (patient && VMT_LIKELY(vmt_guard_enter_for(state, regs, true))) {
		if (VMT_LIKELY(vmt_state_is_on()))
			return call_locked(state, done, nr, site_of(state, done, regs, &stack));
		vmt_guard_leave(state); /* tracing ended while this thread waited */
		return vmt_aside_make(nr, done->args);
	}
	return call_outside(state, done, nr, &stack, regs, false);
}

/* Is this ld.so, mapping or unmapping a library or a piece of it? */
static inline bool is_loaders(const struct vmt_state *state, enum vmt_call_id id,
			      const long args[6], const struct vmt_regs *regs)
{
	return (id == VMT_CALL_MUNMAP || (id == VMT_CALL_MMAP && !(args[3] & MAP_ANONYMOUS))) &&
	       vmt_range_has(state->loader, regs->pc);
}

/* Memory that is unmapped or protected is no room on the stack any more. */
static inline void note_room(const long args[6])
{
	struct vmt_thread *thread = vmt_thread();
	uint64_t start = (uint64_t)args[0];

	if (VMT_LIKELY(start >= thread->room[1] ||
		       start + (uint64_t)args[1] <= thread->room[0] - VMT_ROOM))
		return;
	vmt_own_stack_forget_room();
	vmt_bounds_forget();
}

/* A stack that is remembered need not be walked, unless the call is made without the lock. */
VMT_HOT static long call_recorded(struct vmt_state *state, enum vmt_call_id id, long nr,
				  const long args[6], const struct vmt_regs *regs)
{
	struct vmt_done done = { .call = id,
				 .args = { args[0], args[1], args[2], args[3], args[4], args[5] },
				 .result = 0,
				 .brk = 0,
				 .aio = 0,
				 .is_loaders = is_loaders(state, id, args, regs),
				 .user_range = { 0, 0 } };
	bool may_take_long = id != VMT_CALL_MUNMAP && vmt_change_is_slow(id, args);
	struct vmt_recalled recalled;

	if (id != VMT_CALL_BRK) /* brk has no second argument */
		note_room(args);
	if (may_take_long ||
	    !vmt_unwind_recall_find(regs, vmt_thread_stack(vmt_thread()), id, &recalled))
		return call_walked(state, &done, nr, regs, may_take_long, true);
	if (VMT_UNLIKELY(!vmt_guard_enter_for(state, regs, true)))
		return call_walked(state, &done, nr, regs, false, false);
	if (VMT_LIKELY(vmt_state_is_on() && vmt_unwind_recall_holds(&recalled))) {
		if (VMT_UNLIKELY(state->is_verifying))
			vmt_verify_recalled(state, id, regs, recalled.site);
		return call_locked(state, &done, nr, state->sites.by_id[recalled.site]);
	}
	vmt_guard_leave(state); /* while this thread waited, tracing ended, or code was unmapped */
	return call_walked(state, &done, nr, regs, false, true);
}

/* The most frequent calls; their arguments need no check. */
static bool always_may_change_maps(enum vmt_call_id id)
{
	return id == VMT_CALL_MMAP || id == VMT_CALL_MUNMAP || id == VMT_CALL_MPROTECT;
}

/* Is the call about memory of the library's, or about the vdso? */
static inline bool touches_own_memory(const struct vmt_state *state, enum vmt_call_id id,
				      const long args[6])
{
	uint64_t start = (uint64_t)args[0];
	uint64_t end = start + (uint64_t)args[1];

	if (VMT_LIKELY(end <= state->own_hull.bounds.start))
		return false;
	if (VMT_LIKELY(end <= state->image.vdso_from &&
		       (start >= state->own_hull.bounds.end ||
			(start >= state->own_hull.gap.start && end <= state->own_hull.gap.end))))
		return false;
	return vmt_spare_is_due(state, id, args);
}

/* Would the call put memory to be used where the library's are? */
static inline enum vmt_spare_place place_taken(const struct vmt_state *state, enum vmt_call_id id,
					       const long args[6])
{
	if (VMT_LIKELY(!(id == VMT_CALL_MMAP && (args[3] & MAP_FIXED)) &&
		       !(id == VMT_CALL_MREMAP && (args[3] & MREMAP_FIXED)) &&
		       !(id == VMT_CALL_SHMAT && (args[2] & SHM_REMAP))))
		return VMT_SPARE_OTHERS;
	return vmt_spare_place(state, id, args);
}

static long call_over_own_place(struct vmt_state *state, enum vmt_spare_place place, long nr,
				const long args[6])
{
	if (place == VMT_SPARE_CODE)
		return -ENOMEM;
	vmt_exit_give_up_memory(state);
	return vmt_aside_make(nr, args);
}

/* The most frequent calls need no table. */
static enum vmt_call_id id_of(long nr)
{
	if (nr == SYS_mmap)
		return VMT_CALL_MMAP;
	if (nr == SYS_munmap)
		return VMT_CALL_MUNMAP;
	return nr == SYS_mprotect ? VMT_CALL_MPROTECT : vmt_calls_of_nr(nr);
}

/* Nothing is recorded (any more), but the library's code still stands before libc's. */
__attribute__((noinline)) static long
call_unrecorded(struct vmt_state *state, long nr, const long args[6], const struct vmt_regs *regs)
{
	enum vmt_call_id id = id_of(nr);
	enum vmt_spare_place place;

	if (!state || vmt_home_is_aside())
		return vmt_aside_make(nr, args);
	place = place_taken(state, id, args);
	if (place != VMT_SPARE_OTHERS)
		return call_over_own_place(state, place, nr, args);
	if (touches_own_memory(state, id, args))
		return vmt_spare_make(state, nr, args, regs);
	return vmt_aside_make(nr, args);
}

/* In a fork child whose first call another thread is still making: the lock cannot be used yet. */
static long call_lost(struct vmt_state *state, long nr, const long args[6])
{
	long ret = vmt_aside_make(nr, args);

	vmt_fork_lose_call(state);
	return ret;
}

VMT_HOT static long make_call(long nr, const long args[6], const struct vmt_regs *regs)
{
	struct vmt_state *state = vmt_state;
	enum vmt_spare_place place;
	enum vmt_call_id id;

	if (VMT_UNLIKELY(!vmt_state_is_on()))
		return call_unrecorded(state, nr, args, regs);
	id = id_of(nr);
	if (VMT_UNLIKELY(*vmt_alive != VMT_ALIVE)) {
		if (id == VMT_CALL_NONE)
			return vmt_other_child_call(state, nr, args);
		if (!vmt_fork_start_child(state))
			return call_lost(state, nr, args);
		if (!vmt_state_is_on())
			return vmt_aside_make(nr, args);
	}
	if (id == VMT_CALL_NONE ||
	    (id == VMT_CALL_CLOSE && !vmt_user_args_is_userfault_close(state, nr, args)))
		return vmt_other_call(state, nr, args);
	place = place_taken(state, id, args);
	if (VMT_UNLIKELY(place != VMT_SPARE_OTHERS))
		return call_over_own_place(state, place, nr, args);
	if (VMT_UNLIKELY(touches_own_memory(state, id, args)))
		return vmt_spare_make(state, nr, args, regs);
	if (!always_may_change_maps(id) && id != VMT_CALL_CLOSE &&
	    !vmt_change_is_possible(id, args)) {
		if (id != VMT_CALL_PRCTL && id != VMT_CALL_IOCTL && id != VMT_CALL_ARCH_PRCTL)
			atomic_fetch_add_explicit(&state->passed[id], 1, memory_order_relaxed);
		return vmt_other_call(state, nr, args);
	}
	return call_recorded(state, id, nr, args, regs);
}

/* try=: other calls in place of this one, recorded as what they are. */
static long make_remedied(long nr, const long args[6], const struct vmt_regs *regs)
{
	struct vmt_remedy_plan plan;
	long ret = 0;

	if (!vmt_state_is_on() || !vmt_remedy_find(nr, args, &plan)) {
		ret = make_call(nr, args, regs);
		vmt_remedy_made(nr, args, ret);
		return ret;
	}
	for (unsigned i = 0; i < plan.count; i++) {
		ret = make_call(plan.call[i].nr, plan.call[i].args, regs);
		if (!vmt_sys_failed(ret) || plan.call[i].may_fail)
			continue;
		vmt_remedy_undo(&plan, i);
		while (i--)
			make_call(plan.call[i].nr, plan.call[i].args, regs);
		return make_call(nr, args, regs);
	}
	if (plan.then_own)
		return make_call(nr, args, regs);
	return plan.returns_address ? args[0] : ret;
}

static bool is_under_memcheck;
static bool is_special; /* under memcheck, or with remedies: make_call() is not enough */

void vmt_call_prepare(bool under_memcheck)
{
	is_under_memcheck = under_memcheck;
	is_special = under_memcheck || vmt_remedies;
}

__attribute__((noinline)) static long make_special(long nr, const long args[6],
						   const struct vmt_regs *regs)
{
	long ret;

	if (!is_under_memcheck)
		return make_remedied(nr, args, regs);
	vmt_valgrind_begin();
	ret = make_remedied(nr, args, regs);
	vmt_valgrind_end();
	return ret;
}

VMT_HOT long vmt_call_on_program_stack(long nr, const long args[6], const struct vmt_regs *regs)
{
	return VMT_UNLIKELY(is_special) ? make_special(nr, args, regs) : make_call(nr, args, regs);
}

/* Does the range contain the thread's own storage? Then this cannot be used after the call. */
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
	struct vmt_walk stack;

	vmt_unwind(regs, &stack);
	make_deferred(state, &done, nr, &stack, 0);
	return done.result;
}

/* Asks the same as NEED_ROOM in gate_macros.h. */
static bool has_room(uint64_t sp, const long args[6])
{
	const struct vmt_thread *thread = vmt_thread();

	return sp >= thread->room[0] && sp < thread->room[1] &&
	       sp - (uint64_t)args[0] >= (uint64_t)args[1] + VMT_ROOM;
}

static long make_on_own_stack(long nr, const long args[6], const struct vmt_regs *regs)
{
	struct vmt_state *state = vmt_state;
	enum vmt_call_id id = id_of(nr);

	if (VMT_UNLIKELY(always_may_change_maps(id) && takes_thread(args) && vmt_state_is_on() &&
			 *vmt_alive == VMT_ALIVE))
		return call_without_thread(state, id, nr, args, regs);
	/* exec may not return, so it would never leave this stack */
	if (nr == SYS_execve || nr == SYS_execveat) {
		if (vmt_state_is_on()) {
			vmt_exec_before(state, nr, args);
			vmt_carry_write(state);
		}
		vmt_bus_before_exec();
		return VMT_MAKE_AT_SITE;
	}
	if (vmt_state_is_on() && place_taken(state, id, args) == VMT_SPARE_DATA) {
		vmt_own_stack_unblock();
		vmt_exit_give_up_memory(state);
		return VMT_USE_PROGRAM_STACK; /* it has to be made from there */
	}
	if (vmt_state_is_on()) {
		vmt_own_stack_find_room(state, regs->sp);
		if (has_room(regs->sp, args))
			return VMT_USE_PROGRAM_STACK;
	}
	return vmt_call_on_program_stack(nr, args, regs);
}

long vmt_call_on_own_stack(long nr, const long args[6], const struct vmt_regs *regs)
{
	long ret;

	if (VMT_LIKELY(!is_under_memcheck))
		return make_on_own_stack(nr, args, regs);
	vmt_valgrind_begin();
	ret = make_on_own_stack(nr, args, regs);
	vmt_valgrind_end();
	return ret;
}
