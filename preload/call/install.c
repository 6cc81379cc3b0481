/* SPDX-License-Identifier: MIT */
/*
 * Filters for one thread are treated like those for all threads, since later threads inherit them.
 * See install.h.
 */
#include "call/install.h"

#include <linux/futex.h>
#include <linux/seccomp.h>
#include <stdatomic.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include "filter/filter.h"
#include "os/sys.h"
#include "patch/code.h"
#include "process/exit.h"
#include "safety/aside.h"
#include "safety/own_stack.h"
#include "trace/guard.h"
#include "modules/modules.h"
#include "trace/room.h"

/*
 * The longest wait for calls of other threads: the filter may kill the process for the end of such
 * a call. All they need is a processor. With eight such programs at a time on two busy processors,
 * 55 of 64 were killed after a wait of 2 s, and none with this one.
 */
#define QUIET_NS  UINT64_C(30000000000)
#define EVERYBODY 0x7fffffff

static bool is_strict(long nr, const long args[6])
{
	return (nr == SYS_prctl && args[1] == SECCOMP_MODE_STRICT) ||
	       (nr == SYS_seccomp && args[0] == SECCOMP_SET_MODE_STRICT);
}

bool vmt_install_is(long nr, const long args[6])
{
	if (nr == SYS_seccomp)
		return args[0] == SECCOMP_SET_MODE_STRICT || args[0] == SECCOMP_SET_MODE_FILTER;
	return nr == SYS_prctl && args[0] == PR_SET_SECCOMP;
}

/*
 * A thread that sleeps until the table's lock is free is making a call, too: when it is woken, it
 * sees that it may not sleep again.
 */
static void wait_for_others(struct vmt_state *state)
{
	const long any[6] = { 0, FUTEX_WAKE_PRIVATE };
	bool may_wake = vmt_filter_may(SYS_futex, any);
	bool may_yield = vmt_filter_may(SYS_sched_yield, any);
	uint64_t start = vmt_clock();

	while (!(vmt_filter_is_quiet() && vmt_own_stack_is_quiet()) &&
	       vmt_clock() - start < QUIET_NS) {
		if (may_wake)
			vmt_sys6(SYS_futex, (long)&state->lock.owner, FUTEX_WAKE_PRIVATE, EVERYBODY,
				 0, 0, 0);
		if (may_yield)
			vmt_sys6(SYS_sched_yield, 0, 0, 0, 0, 0, 0);
		else
			__builtin_ia32_pause();
	}
}

/* The kernel has read the program that args point to, so it can be read here as well. */
static void learn(struct vmt_state *state, long nr, const long args[6], bool is_alone)
{
	vmt_filter_add(is_strict(nr, args) ? NULL : (const struct sock_fprog *)args[2], is_alone);
	if (vmt_filter_is_in_the_way())
		vmt_state_note(state, VMT_NOTE_SECCOMP);
}

/* What can be asked for and taken now may be forbidden later. */
static void make_ready(struct vmt_state *state)
{
	if (!vmt_filter_is_in_the_way())
		vmt_modules_learn(state);
	vmt_room_make_all(state);
}

static long install(struct vmt_state *state, long nr, const long args[6], bool locks)
{
	bool is_locked = locks && vmt_guard_enter(state, true);
	bool is_alone = is_strict(nr, args) && vmt_code_is_alone();
	long ret;

	if (is_locked)
		make_ready(state);
	vmt_filter_begin_install();
	if (is_locked)
		vmt_lock_await(&state->lock);
	wait_for_others(state);
	ret = vmt_aside_make(nr, args);
	if (!vmt_sys_failed(ret))
		learn(state, nr, args, is_alone);
	vmt_filter_end_install();
	if (is_locked)
		vmt_guard_leave(state);
	return ret;
}

/*
 * Stepping aside makes calls of our own, so it is done before the installing begins or after it
 * ends.
 */
long vmt_install_filter(struct vmt_state *state, long nr, const long args[6], bool locks)
{
	bool was_open = vmt_filter_is_open();
	long ret;

	vmt_own_stack_unblock(); /* now, since it may not be allowed later */
	if (VMT_UNLIKELY(vmt_aside_is_due(nr, args)))
		vmt_exit_step_aside(state);
	ret = install(state, nr, args, locks);
	if (!vmt_sys_failed(ret) && !was_open && vmt_aside_was_due(nr, args))
		vmt_exit_step_aside(state);
	return ret;
}
