/* SPDX-License-Identifier: MIT */
/*
 * Running a program with the library in it, into a directory that is thrown away
 * afterwards. Used by check.
 */
#ifndef VMT_LAUNCH_H
#define VMT_LAUNCH_H

#include <limits.h>
#include <sys/types.h>

struct vmt_launch {
	char directory[PATH_MAX];	/* the recordings; "" before the start */
	pid_t pid;
	int status;			/* as a shell has it: 128 + N for signal N */
};

/*
 * Run command to its end. Returns 0 with ret_launch filled in, or the tool's exit status
 * after a message. vmt_launch_clean removes the directory in both cases.
 */
int vmt_launch_run(char **command, struct vmt_launch *ret_launch);
void vmt_launch_clean(struct vmt_launch *launch);

#endif
