/* SPDX-License-Identifier: MIT */
/* Does the process of a recording still exist? */
#ifndef VMT_LIVENESS_H
#define VMT_LIVENESS_H

#include "core/recording/view.h"

#include <time.h>

uint64_t vmt_liveness_now(clockid_t clock); /* Returns the clock's time, ns. */

/*
 * Returns CLOCK_MONOTONIC for a process that still runs, or 0: what the functions of
 * core/report/report.h want to know as `now`.
 */
uint64_t vmt_liveness_clock(const struct vmt_view *view);

/* Returns when the process began, in ns since 1970, to within a clock tick; 0 = unknown. */
uint64_t vmt_liveness_begin(uint32_t pid);

/*
 * Returns our pid for the recorded process, which may be in another pid namespace (a container) and
 * have another pid there. Returns 0 if it cannot be found.
 */
pid_t vmt_liveness_pid(const struct vmt_view *view);

/* Is /proc/PID a process that has this pid in its own namespace? */
bool vmt_liveness_calls_itself(pid_t here, uint32_t pid);

/* Is the recorded process certainly gone? A new process may have its pid. */
bool vmt_liveness_is_gone(const struct vmt_view *view);

/* How it ended, in a word or two: "exit 1", "SIGTERM", "running", "killed?". */
void vmt_liveness_end(const struct vmt_view *view, char *text, size_t size);

#endif
