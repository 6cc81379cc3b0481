/* SPDX-License-Identifier: MIT */
/*
 * What an inherited seccomp filter allows. It cannot be read, and trying can kill; so a child of
 * ours tries, where there is a sign that making one cannot kill.
 */
#ifndef VMT_PROBE_H
#define VMT_PROBE_H

#include "core/base/base.h"

struct vmt_state;

/* What /proc/self/status says of the process. */
struct vmt_status {
	uint64_t pid;
	uint64_t parent;
	uint64_t seccomp; /* SECCOMP_MODE_* */
	uint64_t filters;
	bool no_new_privileges;
};

/* text: of a status file. Fields that are missing are 0. */
void vmt_probe_read_status(const char *text, size_t length, struct vmt_status *ret_status);

/*
 * At the start, before any other system call of ours: let through those that are allowed
 * (vmt_filter_set_allowed). forced: try without a sign as well. Sets state->pid and parent_pid as
 * far as they are known. Notes a filter that is in the way.
 */
void vmt_probe_filter(struct vmt_state *state, bool forced);

/* For who has no state: is there certainly no filter? */
bool vmt_probe_has_no_filter(void);

/* May messages be written? Also under an inherited filter that nothing is known of. */
bool vmt_probe_write(const struct vmt_state *state);

#endif
