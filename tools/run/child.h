/* SPDX-License-Identifier: MIT */
/* Runs a program as if it had been started directly, with respect to signals and status. */
#ifndef VMT_CHILD_H
#define VMT_CHILD_H

#include <sys/types.h>

/*
 * Start path with argv and environment, pass signals on to it, and wait for it. Returns 0 with its
 * pid and its status (as from waitpid(2)), or -errno if it could not be started.
 */
int vmt_child_run(const char *path, char **argv, char **environment, pid_t *ret_pid,
		  int *ret_status);

#endif
