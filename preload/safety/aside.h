/* SPDX-License-Identifier: MIT */
/*
 * Stepping aside. A program may let system calls through by the address that they come from
 * (Syscall User Dispatch, or a seccomp filter that loads the instruction pointer). Calls from this
 * library's text would be refused then, so the library makes none from that moment on: each call is
 * made at its own site and is not recorded.
 */
#ifndef VMT_ASIDE_H
#define VMT_ASIDE_H

#include "state/state.h"

/* Is this call about to establish such a regime, and does the regime concern our calls? */
bool vmt_aside_is_due(long nr, const long args[6]);

/*
 * Did this call, which has succeeded, establish such a regime? For when it could not be told
 * before.
 */
bool vmt_aside_was_due(long nr, const long args[6]);

/* Make a system call of the program. Like vmt_sys6(); after stepping aside, from libc's text. */
long vmt_aside_make(long nr, const long args[6]);

/* End the process, or at least the thread, in whichever way is possible. */
_Noreturn void vmt_aside_exit(int status);

#endif
