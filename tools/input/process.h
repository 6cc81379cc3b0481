/* SPDX-License-Identifier: MIT */
/*
 * Facts about a process from /proc: its name, its threads and where their stacks are, and whether
 * it is a fork of its parent. Each may be unknown.
 */
#ifndef VMT_PROCESS_H
#define VMT_PROCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct vmt_process {
	pid_t pid;
	pid_t parent;
	uid_t user; /* the real user; -1 = unknown */
	char name[64]; /* the command's name; "?" = unknown */
	uint64_t threads; /* 0 = unknown */
	bool is_kernel_thread;
	bool is_zombie;
};

/* Can processes be looked at? Not in a chroot without /proc. */
bool vmt_process_is_proc_mounted(void);

/* What /proc/PID/stat says; see proc(5). */
struct vmt_process_stat {
	char state; /* 'Z': its first thread has ended */
	unsigned flags;
	uint64_t threads;
	uint64_t ticks; /* when it began, in clock ticks after the system's boot */
};

/* Returns false if it cannot be read. */
bool vmt_process_stat(pid_t pid, struct vmt_process_stat *ret_stat);

/* Returns 0, or -ESRCH if there is no such process (any more). */
int vmt_process_read(pid_t pid, struct vmt_process *ret_process);

/*
 * Returns the process, or one of its threads if the first thread has ended, since /proc then shows
 * no memory for the process itself. Without such a thread, returns the process.
 */
pid_t vmt_process_with_memory(pid_t pid);

/*
 * Returns the number of stack pointers of its threads in ret_pointers, ascending, from malloc; none
 * if they may not be read. At most `limit` threads are examined.
 */
size_t vmt_process_stack_pointers(pid_t pid, size_t limit, uint64_t **ret_pointers);

/* Returns the value of the variable that it was started with, from malloc; NULL: none, or unknown. */
char *vmt_process_variable(pid_t pid, const char *name);

/* Does it run in a copy of its parent's memory? If true, this is certain. */
bool vmt_process_is_fork(const struct vmt_process *process);

/* Returns the memory in use, bytes; 0 = unknown. */
uint64_t vmt_process_resident(pid_t pid);

/* Returns vm.max_map_count; 0 = unknown. */
uint64_t vmt_process_map_limit(void);

/* Is text a pid? Otherwise it is a file name. */
bool vmt_process_parse(const char *text, pid_t *ret_pid);

#endif
