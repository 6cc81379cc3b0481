/* SPDX-License-Identifier: MIT */
/*
 * See holder.h.
 */
#include "holder.h"

#include <linux/errno.h>
#include <sys/syscall.h>

#include "capture/sites.h"
#include "sys.h"

bool vmt_holder_is_alive(void *context, uint32_t thread)
{
	(void)context;
	return vmt_sys3(SYS_tgkill, vmt_state->pid, thread, 0) != -ESRCH;
}

/* The id of a thread's own clock is made from the thread's (kernel/time/posix-cpu-timers.c). */
uint64_t vmt_holder_ran(void *context, uint32_t thread)
{
	int64_t time[2];

	(void)context;
	if (vmt_sys_failed(vmt_sys2(SYS_clock_gettime, (int)(~thread << 3 | 6), time)))
		return 0;
	return (uint64_t)time[0] * 1000000000 + (uint64_t)time[1];
}

/*
 * The holder may have been interrupted by a signal, and wait in the handler for who has sent it. That
 * one of libc's sites is not caught does not matter: pthread_cancel and setuid have their own, and
 * their handlers wait for nobody.
 */
bool vmt_holder_may_stand(void *context)
{
	const struct vmt_state *state = vmt_state;

	(void)context;
	return state->has_signals || !vmt_sites_caught[SYS_tgkill];
}

void vmt_holder_note_signal(struct vmt_state *state, long nr, const long args[6])
{
	switch (nr) {
	case SYS_kill:
	case SYS_rt_sigqueueinfo:
		if (args[0] > 0 && (uint32_t)args[0] != state->pid)
			return;
		break;
	case SYS_tkill:
	case SYS_tgkill:
	case SYS_rt_tgsigqueueinfo:
		break;
	default:
		return;
	}
	state->has_signals = true;
}

void vmt_holder_note_thread_signal(void)
{
	if (vmt_state)
		vmt_state->has_signals = true;
}
