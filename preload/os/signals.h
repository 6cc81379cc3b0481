/* SPDX-License-Identifier: MIT */
/*
 * A handler of the program's may leave our code by siglongjmp(3), and never come back. What it
 * leaves must be complete at each instruction, or be found by whoever comes next. The number of a
 * descriptor that has just been opened is nowhere but in a register, so signals wait until it is
 * noted or closed. This is done for opening files only, which costs more than two calls for the
 * mask, and never while the program's own call is made.
 */
#ifndef VMT_SIGNALS_H
#define VMT_SIGNALS_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/syscall.h>

#include "os/sys.h"

#define VMT_SIGNAL_BIT(number) (UINT64_C(1) << ((number)-1))

/*
 * All signals but those that an instruction or a system call raises: if these were blocked, the
 * kernel would kill the process.
 */
#define VMT_SIGNALS_HELD                                                              \
	~(VMT_SIGNAL_BIT(SIGBUS) | VMT_SIGNAL_BIT(SIGSEGV) | VMT_SIGNAL_BIT(SIGILL) | \
	  VMT_SIGNAL_BIT(SIGFPE) | VMT_SIGNAL_BIT(SIGTRAP) | VMT_SIGNAL_BIT(SIGSYS))

/* The thread's mask before signals were held. */
struct vmt_signals {
	uint64_t mask;
	bool are_held; /* false if a seccomp filter refuses it */
};

static inline struct vmt_signals vmt_signals_hold(void)
{
	const uint64_t held = VMT_SIGNALS_HELD;
	struct vmt_signals signals = { 0, false };

	signals.are_held =
		vmt_sys4(SYS_rt_sigprocmask, SIG_BLOCK, &held, &signals.mask, sizeof(held)) == 0;
	return signals;
}

static inline void vmt_signals_release(const struct vmt_signals *signals)
{
	if (signals->are_held)
		vmt_sys4(SYS_rt_sigprocmask, SIG_SETMASK, &signals->mask, 0, sizeof(signals->mask));
}

#endif
