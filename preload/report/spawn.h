/* SPDX-License-Identifier: MIT */
/*
 * Does work, and runs a command, at the very end of somebody else's process: without fork (which
 * copies 60,000 maps), without malloc, without taking a descriptor of the program's, and without a
 * child that the program could reap.
 *
 * The work is done by a helper, a separate process that shares our memory but has its own copy of
 * the descriptors. The helper's time is bounded, whatever the helper waits for, and so is the time
 * of the command that the helper may run. At the end of the process the caller waits for the helper;
 * while the process goes on, it does not.
 */
#ifndef VMT_SPAWN_H
#define VMT_SPAWN_H

#include <stdatomic.h>

#include "core/base/base.h"

struct vmt_spawn {
	/* The work. Returns whether it has succeeded. */
	bool (*work)(struct vmt_spawn *helper, void *context);
	void *context;
	/* reserved memory, for the helper's stack and for starting a command */
	unsigned char *stack;
	size_t stack_size;
	int keep_fd; /* stays open in the helper; all others from 3 on are closed */
	bool is_last; /* the process ends after this, with all signals blocked */
	/* valgrind turns the clone into a fork: only the exit status tells us anything */
	bool copies_memory;

	long refused; /* -errno: the kernel started neither the helper nor its command; or 0 */

	/* Used by spawn.c only: */
	uint32_t parent;
	bool is_alone; /* no other thread could reap the helper */
	_Atomic uint32_t stage;
	_Atomic uint32_t has_worked; /* the result of work() */
	_Atomic uint32_t is_hurried; /* the user or the system wants the process to end */
	long pid; /* of a helper that nobody waits for; -errno: there is none */
	_Atomic uint32_t *busy; /* the kernel clears it when that helper uses our memory no more */
};

struct vmt_command {
	const char *path;
	const char *const *argv;
	char *const *environment;
	int in_fd; /* becomes the command's descriptor 3 */
	int out_fd; /* becomes the command's standard output and standard error */
};

/*
 * Start the helper and wait for it. Returns whether its work succeeded, or -errno if it could not
 * be started.
 */
int vmt_spawn_run(struct vmt_spawn *helper);

/*
 * Start a helper that nobody waits for, and that goes on when the process ends: it is a child of a
 * process that has ended, so no wait() of the program's can see it. Wait, for a few milliseconds at
 * most, until the helper says that it needs nothing more of what may change (vmt_spawn_has_copied).
 * The struct must exist until the kernel clears *busy, which is 1 before. Returns false if there can be
 * no such helper: orphans of a process 1 or of a subreaper are its children.
 */
bool vmt_spawn_start(struct vmt_spawn *helper, _Atomic uint32_t *busy);

/* In such a helper. */
void vmt_spawn_has_copied(struct vmt_spawn *helper);

/* Such a helper, or the command that it has become, lives this long at most. */
#define VMT_SPAWN_SECONDS 20u

/*
 * Has the process had two seconds since start, or more if it waits for nothing but a processor?
 */
bool vmt_spawn_has_had_its_time(long pid, uint64_t start);

/* In such a helper: become the command. Returns if that is impossible. */
void vmt_spawn_become(const struct vmt_command *command);

/*
 * In a helper: run the command for at most two seconds. Returns its exit status, or another number
 * if it did not end by itself.
 */
int vmt_spawn_command(struct vmt_spawn *helper, const struct vmt_command *command);

/* In a helper: end after this many more seconds. */
void vmt_spawn_limit(unsigned seconds);

#endif
