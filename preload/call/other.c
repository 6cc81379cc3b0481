/* SPDX-License-Identifier: MIT */
/*
 * Called in threads, handlers and children. What is noted here concerns later calls. See other.h.
 */
#include "call/other.h"

#include <linux/sched.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include "call/install.h"
#include "filter/filter.h"
#include "kernel/mapsfile.h"
#include "filter/carry.h"
#include "os/sys.h"
#include "patch/unread.h"
#include "process/exec.h"
#include "process/exit.h"
#include "process/fork.h"
#include "process/refused.h"
#include "safety/aside.h"
#include "safety/bus.h"
#include "safety/holder.h"
#include "safety/own_stack.h"
#include "trace/guard.h"
#include "trace/user_args.h"

/*
 * The child gets a copy of the table, which should not be half-changed; if it is, the child reads
 * the whole table anew. A fork may have to wait for the reader of a userfaultfd, who may need the
 * lock.
 */
static long fork_call(struct vmt_state *state, long nr, const long args[6])
{
	bool locked = !vmt_user_args_has_userfault(state) && vmt_guard_enter(state, true);
	long ret;

	vmt_own_stack_before_fork();
	if (locked) {
		vmt_unread_once();
		state->process.is_forking = true;
	}
	vmt_mapsfile_done(); /* so that the child, too, has all of its descriptors */
	ret = vmt_aside_make(nr, args);
	if (ret == 0) { /* in the child, whose first memory call sets up its own state */
		vmt_last_forget();
		vmt_fork_note_child(state);
		vmt_bus_leave();
		vmt_own_stack_start_child(); /* before the child has a second thread */
		return ret;
	}
	if (locked) {
		state->process.is_forking = false;
		vmt_guard_leave(state);
	}
	vmt_refused_fork(state, ret);
	return ret;
}

static bool is_fork(long nr, const long args[6])
{
	if (nr == SYS_fork)
		return true;
	return nr == SYS_clone && !((unsigned long)args[0] & CLONE_VM) && args[1] == 0;
}

static long exec_call(struct vmt_state *state, long nr, const long args[6])
{
	bool is_ours = vmt_exec_before(state, nr, args);
	long ret;

	vmt_carry_write(state);
	vmt_bus_before_exec();
	ret = vmt_own_stack_make(nr, args);
	vmt_bus_after_exec();
	vmt_carry_remove(state);
	if (is_ours)
		vmt_exec_after(state);
	return ret;
}

/*
 * Also used by a fork child that has not touched its maps yet, and may never: most go on to exec.
 */
static long plain_call(struct vmt_state *state, long nr, const long args[6])
{
	long ret;

	if (VMT_UNLIKELY(vmt_bus_is_action(nr, args)))
		return vmt_bus_action(state, args);
	if (VMT_UNLIKELY(vmt_aside_is_due(nr, args))) {
		vmt_own_stack_unblock();
		vmt_exit_step_aside(state);
	}
	ret = vmt_own_stack_make(nr, args);
	if (!vmt_sys_failed(ret)) {
		if (nr == SYS_sigaltstack)
			vmt_own_stack_forget_room();
		if (nr == SYS_personality)
			vmt_user_args_note_personality(state, (unsigned long)args[0]);
	}
	return ret;
}

long vmt_other_child_call(struct vmt_state *state, long nr, const long args[6])
{
	if (nr == VMT_CALL_BEFORE_LEAVING) {
		vmt_fork_before_leaving(state);
		return 0;
	}
	if (nr == SYS_execve || nr == SYS_execveat)
		vmt_exec_before(state, nr, args);
	if (!vmt_install_is(nr, args))
		return plain_call(state, nr, args);
	vmt_filter_start_child();
	vmt_own_stack_start_child();
	return vmt_install_filter(state, nr, args, false);
}

long vmt_other_call(struct vmt_state *state, long nr, const long args[6])
{
	if (is_fork(nr, args))
		return fork_call(state, nr, args);
	if (nr == SYS_execve || nr == SYS_execveat)
		return exec_call(state, nr, args);
	if (vmt_install_is(nr, args))
		return vmt_install_filter(state, nr, args, true);
	vmt_holder_note_signal(state, nr, args);
	return plain_call(state, nr, args);
}
