/* SPDX-License-Identifier: MIT */
/* All processes with their number of maps. Used by the commands maps and export. */
#ifndef VMT_PROCESS_LIST_H
#define VMT_PROCESS_LIST_H

#include "input/process.h"

struct vmt_process_entry {
	struct vmt_process process;
	uint64_t maps;
	bool is_traced; /* the library is among its maps */
};

struct vmt_process_list {
	struct vmt_process_entry *entry; /* those with most maps first */
	size_t count;
	uint64_t unreadable; /* processes of other users */
};

/* Read one process. Returns 0, or -errno; ret_entry->maps is 0 for a kernel thread. */
int vmt_process_list_entry(pid_t pid, struct vmt_process_entry *ret_entry);

/* Read all processes. Returns 0 or -errno; to be freed in both cases. */
int vmt_process_list_read(struct vmt_process_list *ret_list);
void vmt_process_list_free(struct vmt_process_list *list);

#endif
