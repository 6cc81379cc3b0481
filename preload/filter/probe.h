/* SPDX-License-Identifier: MIT */
/*
 * Finds out what an inherited seccomp filter allows. The filter cannot be read, and trying a call
 * can kill; so a child process tries, provided that there is a sign that making a child cannot
 * kill.
 */
#ifndef VMT_PROBE_H
#define VMT_PROBE_H

#include "core/base/base.h"

struct vmt_state;

/*
 * At the start, before any other system call of ours: allow the calls that the filter lets through
 * (vmt_filter_set_allowed()). forced: try even without a sign. Sets state->process.pid and parent_pid as
 * far as they are known, and makes a note if the filter is in the way.
 */
void vmt_probe_filter(struct vmt_state *state, bool forced);

/* For callers without a state: is it certain that there is no filter? */
bool vmt_probe_has_no_filter(void);

/* May messages be written? Also asked under an inherited filter that nothing is known of. */
bool vmt_probe_write(const struct vmt_state *state);

#endif
