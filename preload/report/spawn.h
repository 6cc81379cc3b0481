/* SPDX-License-Identifier: MIT */
/*
 * Working and running a command at the very end of somebody else's process: without fork (which
 * copies 60,000 maps), without malloc, without taking one of the program's descriptors, and without
 * a child that the program could reap.
 *
 * The work is done by a helper, a process of its own with our memory and its own copy of the
 * descriptors. It is bounded in time whatever it waits for; so is the command that it may run.
 */
#ifndef VMT_SPAWN_H
#define VMT_SPAWN_H

#include <stdatomic.h>

#include "core/base/base.h"

struct vmt_spawn {
	/* What it does. Whether anything came of it. */
	bool (*work)(struct vmt_spawn *helper, void *context);
	void *context;
	unsigned char *stack; /* reserved memory for it and for the start of a command */
	size_t stack_size;
	int keep_fd; /* this descriptor is left open, all others from 3 on are closed */
	bool is_last; /* the process ends after this, with all signals blocked */
	bool copies_memory; /* valgrind makes the helper a fork: it cannot tell us anything but its
			       status */

	/* For spawn.c only: */
	uint32_t parent;
	bool is_alone; /* no other thread could reap it */
	_Atomic uint32_t stage;
	_Atomic uint32_t has_worked; /* what work() returned */
	_Atomic uint32_t is_hurried; /* the user or the system wants the process to end */
};

struct vmt_command {
	const char *path;
	const char *const *argv;
	char *const *environment;
	int in_fd; /* becomes descriptor 3 of the command */
	int out_fd; /* becomes its standard output and error */
};

/*
 * Start it and wait for it. Whether its work came to something; -errno when it cannot be started.
 */
int vmt_spawn_run(struct vmt_spawn *helper);

/*
 * In a helper: run the command, for two seconds at most. Returns its exit status, or another number
 * if it did not end by itself.
 */
int vmt_spawn_command(struct vmt_spawn *helper, const struct vmt_command *command);

/* In a helper: from now on it has so many seconds left. */
void vmt_spawn_limit(unsigned seconds);

#endif
