/* SPDX-License-Identifier: MIT */
/*
 * What a control group's limits did to programs: they are taken for the map limit, because a thread
 * that cannot start and a process that is killed leave the same messages. Used by the command run.
 */
#ifndef VMT_CGROUP_H
#define VMT_CGROUP_H

#include <stdint.h>

#define VMT_CGROUP_LEVELS 16u

/* Counters since the groups were made; 0 where there is none. */
struct vmt_cgroup {
	/* tasks refused by pids.max, of the tool's own group and of those above it */
	uint64_t refused[VMT_CGROUP_LEVELS];
	uint64_t killed; /* processes of the own group that were killed for lack of memory */
};

void vmt_cgroup_read(struct vmt_cgroup *ret_cgroup);

/* Returns how many tasks were refused between the two. */
uint64_t vmt_cgroup_refused(const struct vmt_cgroup *before, const struct vmt_cgroup *after);

#endif
