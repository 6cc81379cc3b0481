/* SPDX-License-Identifier: MIT */
/*
 * A process as /proc shows it: its name, its threads and where their stacks are, whether it
 * is a fork of its parent. Each may be unknown. Used by the command maps.
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
	uid_t user; /* its real one; -1 = not known */
	char name[64]; /* the command's name; "?" = not known */
	uint64_t threads; /* 0 = not known */
	bool is_kernel_thread;
	bool is_zombie;
};

/* 0, or -ESRCH when there is no such process (any more). */
int vmt_process_read(pid_t pid, struct vmt_process *ret_process);

/*
 * The process, or if its first thread has ended before the others and nothing is told of its
 * memory, one of these; the process again if there is none.
 */
pid_t vmt_process_with_memory(pid_t pid);

/*
 * Stack pointers of its threads, ascending, malloc'd; none where they may not be read. At
 * most limit threads are looked at. Returns their number.
 */
size_t vmt_process_stack_pointers(pid_t pid, size_t limit, uint64_t **ret_pointers);

/* Whether it runs in a copy of its parent's memory: certain if true. */
bool vmt_process_is_fork(const struct vmt_process *process);

/* Memory it has in use, bytes; 0 = not known. */
uint64_t vmt_process_resident(pid_t pid);

/* vm.max_map_count; 0 = not known. */
uint64_t vmt_process_map_limit(void);

/* Whether text is a process number; others are file names. */
bool vmt_process_parse(const char *text, pid_t *ret_pid);

#endif
