/* SPDX-License-Identifier: MIT */
/*
 * Running a command at the very end of somebody else's process: without fork (which copies
 * 60,000 maps), without malloc, and without a child that the program could see or reap.
 */
#ifndef VMT_SPAWN_H
#define VMT_SPAWN_H

#include "core/base.h"

struct vmt_spawn {
	const char *path;
	const char *const *argv;
	char *const *environment;
	int in_fd;	/* becomes descriptor 3 of the command */
	int out_fd;	/* becomes its standard output and error */
	unsigned char *stack;	/* reserved memory, used while the command starts */
	size_t stack_size;
};

/* Run the command and wait for it. Returns its exit status, or -errno when it cannot be run. */
int vmt_spawn_run(const struct vmt_spawn *spawn);

#endif
