/* SPDX-License-Identifier: MIT */
/*
 * To be preloaded: Syscall User Dispatch is on, as in Wine, but the selector lets all calls through
 * at present.
 */
#include <sys/prctl.h>

#ifndef PR_SET_SYSCALL_USER_DISPATCH
#define PR_SET_SYSCALL_USER_DISPATCH 59
#define PR_SYS_DISPATCH_ON           1
#endif

static char selector; /* SYSCALL_DISPATCH_FILTER_ALLOW */

__attribute__((constructor)) static void start(void)
{
	prctl(PR_SET_SYSCALL_USER_DISPATCH, PR_SYS_DISPATCH_ON, 0, 0, &selector);
}
