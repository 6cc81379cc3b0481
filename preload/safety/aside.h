/* SPDX-License-Identifier: MIT */
/*
 * Stepping aside: a program may let its system calls through by the address they come from
 * (Syscall User Dispatch, a seccomp filter that loads the instruction pointer). Then calls from
 * this library's text are refused, so from then on it makes none: the program's own are made where
 * they belong, and nobody looks at them.
 */
#ifndef VMT_ASIDE_H
#define VMT_ASIDE_H

#include "state/state.h"

/* Is the call about to be made one that begins such a regime, and not only for others than us? */
bool vmt_aside_is_due(long nr, const long args[6]);

/* The same of a call that was made with success, if nothing could be asked before. */
bool vmt_aside_was_due(long nr, const long args[6]);

/*
 * Make a system call of the program's. As vmt_sys6, and from libc's text once we have stepped
 * aside.
 */
long vmt_aside_make(long nr, const long args[6]);

/* End the process, or at least the thread, by whichever way is left. */
_Noreturn void vmt_aside_exit(int status);

#endif
