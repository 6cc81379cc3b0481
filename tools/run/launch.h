/* SPDX-License-Identifier: MIT */
/*
 * Runs a program with the library: the steps shared by run and check, and for check all of it,
 * recording into a directory that is removed afterwards.
 */
#ifndef VMT_LAUNCH_H
#define VMT_LAUNCH_H

#include <limits.h>
#include <sys/types.h>

/*
 * Put the library and its options into this process's environment, for a program that records into
 * directory. report: when the library prints one (core/base/options.h); options: further ones, or NULL.
 * Returns 0, or the tool's exit status after a message; nothing is changed then.
 */
int vmt_launch_environment(const char *directory, const char *report, const char *options);

/*
 * What root starts may become another user's, who must be able to say that he could not record: make a
 * folder for that in the directory (VMT_LOAD_LOST), and remove it if nobody has.
 */
void vmt_launch_admit_others(const char *directory);
void vmt_launch_dismiss_others(const char *directory);

/* Run command to its end. Returns 0, or the tool's exit status after a message. */
int vmt_launch_child(const char *path, char **command, pid_t *ret_pid, int *ret_wait_status);

/* Returns the status as a shell would: 128 + N for signal N. */
int vmt_launch_status(int wait_status);

struct vmt_launch {
	char directory[PATH_MAX]; /* where the recordings are; "" before the start */
	pid_t pid;
	int status; /* as from vmt_launch_status() */
	int signal; /* the signal that killed it, or 0 */
};

/*
 * Run command to its end. Returns 0 with ret_launch filled in, or the tool's exit status after a
 * message. vmt_launch_clean() removes the directory in both cases.
 */
int vmt_launch_run(char **command, struct vmt_launch *ret_launch);
void vmt_launch_clean(struct vmt_launch *launch);

#endif
