/* SPDX-License-Identifier: MIT */
/* Questions about the thread that holds the lock; see holder.h. */
#include "safety/holder.h"

#include <linux/errno.h>
#include <signal.h>
#include <sys/syscall.h>

#include "os/sys.h"
#include "patch/patch.h"
#include "safety/own_stack.h"

bool vmt_holder_is_alive(void *context, uint32_t thread)
{
	(void)context;
	return vmt_sys3(SYS_tgkill, vmt_state->process.pid, thread, 0) != -ESRCH;
}

/* The id of a thread's clock is computed from the thread's id (kernel/time/posix-cpu-timers.c). */
uint64_t vmt_holder_ran(void *context, uint32_t thread)
{
	int64_t time[2];

	(void)context;
	if (vmt_sys_failed(vmt_sys2(SYS_clock_gettime, (int)(~thread << 3 | 6), time)))
		return 0;
	return (uint64_t)time[0] * 1000000000 + (uint64_t)time[1];
}

/*
 * A signal may have interrupted the holder, and its handler may wait for the thread that sent the
 * signal. If one of libc's sites for sending signals is not patched, that does not matter:
 * pthread_cancel and setuid have sites of their own, and their handlers wait for nobody.
 */
bool vmt_holder_may_stand(void *context)
{
	const struct vmt_state *state = vmt_state;

	(void)context;
	return state->safety.has_signals || !vmt_patch_caught[SYS_tgkill];
}

void vmt_holder_note_signal(struct vmt_state *state, long nr, const long args[6])
{
	switch (nr) {
	case SYS_kill:
	case SYS_rt_sigqueueinfo:
		if (args[0] > 0 && (uint32_t)args[0] != state->process.pid)
			return;
		break;
	case SYS_tkill:
	case SYS_tgkill:
	case SYS_rt_tgsigqueueinfo: break;
	default: return;
	}
	state->safety.has_signals = true;
}

/*
 * The stack grows down: a handler that interrupted the holder runs below the frame that took the
 * lock. If sp is at that frame or above it, on the same stack, the frame has been left. On a signal
 * stack this cannot be decided.
 */
static bool has_left_by_sp(uint64_t held_sp, uint64_t sp)
{
	struct vmt_range bounds;
	stack_t stack;

	if (vmt_sys_failed(vmt_sys2(SYS_sigaltstack, 0, &stack)) || (stack.ss_flags & SS_ONSTACK))
		return false;
	return vmt_bounds_of(sp, &bounds) && vmt_range_has(bounds, held_sp) && sp >= held_sp;
}

/* If sp is below that frame, the frame has been left only if other frames now lie at its place. */
bool vmt_holder_has_left(void *context, uint64_t held, uint64_t place)
{
	const struct vmt_regs *regs = (const void *)(uintptr_t)(place & ~VMT_PLACE_HAS_REGS);

	(void)context;
	held &= ~VMT_PLACE_HAS_REGS;
	if (vmt_own_stack_has((const void *)(uintptr_t)held))
		return false;
	if (!(place & VMT_PLACE_HAS_REGS))
		return has_left_by_sp(held, place);
	return vmt_unwind_lies_over(regs, held) || has_left_by_sp(held, regs->sp);
}
