/* SPDX-License-Identifier: MIT */
/*
 * Preloaded: system calls are dispatched to the program itself (Wine does so), but not at present.
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
