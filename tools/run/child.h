/* SPDX-License-Identifier: MIT */
/* Run a program as a child as if it had been started directly: signals, status. */
#ifndef VMT_CHILD_H
#define VMT_CHILD_H

#include <sys/types.h>

/*
 * Start path with argv and environment; signals that are sent to us go on to it.
 * Returns 0 with its pid and its status (of waitpid(2)), or -errno when it could
 * not be started.
 */
int vmt_child_run(const char *path, char **argv, char **environment, pid_t *ret_pid,
		  int *ret_status);

#endif
