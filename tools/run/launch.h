/* SPDX-License-Identifier: MIT */
/*
 * Running a program with the library in it: the steps that run and check share, and for check
 * the whole of it, into a directory that is thrown away afterwards.
 */
#ifndef VMT_LAUNCH_H
#define VMT_LAUNCH_H

#include <limits.h>
#include <sys/types.h>

/*
 * Put the library and its options into this process's environment, for a program whose
 * recordings go to directory. options: more of them, or NULL. Returns 0, or the
 * tool's exit status after a message; nothing is changed then.
 */
int vmt_launch_environment(const char *directory, const char *options);

/* Run command to its end; 0, or the tool's exit status after a message. */
int vmt_launch_child(const char *path, char **command, pid_t *ret_pid, int *ret_wait_status);

/* As a shell has it: 128 + N for signal N. */
int vmt_launch_status(int wait_status);

struct vmt_launch {
	char directory[PATH_MAX]; /* the recordings; "" before the start */
	pid_t pid;
	int status; /* see vmt_launch_status */
	int signal; /* that killed it, or 0 */
};

/*
 * Run command to its end. Returns 0 with ret_launch filled in, or the tool's exit status
 * after a message. vmt_launch_clean removes the directory in both cases.
 */
int vmt_launch_run(char **command, struct vmt_launch *ret_launch);
void vmt_launch_clean(struct vmt_launch *launch);

#endif
