/* SPDX-License-Identifier: MIT */
/*
 * Is the process of a recording still there?
 */
#ifndef VMT_LIVENESS_H
#define VMT_LIVENESS_H

#include "core/recording/view.h"

#include <time.h>

uint64_t vmt_liveness_now(clockid_t clock); /* ns */

/* When the process began, ns since 1970 and a clock tick exact; 0 = unknown. */
uint64_t vmt_liveness_begin(uint32_t pid);

/*
 * The number by which we know the recorded process, which may be in another pid namespace (a
 * container), where it has the one of its recording. Returns 0 when it is not to be found.
 */
pid_t vmt_liveness_pid(const struct vmt_view *view);

/* Whether /proc/PID is that of a process which calls itself pid, in whatever namespace. */
bool vmt_liveness_calls_itself(pid_t here, uint32_t pid);

/* Whether the recorded process is certainly no more; a new one may have its number. */
bool vmt_liveness_is_gone(const struct vmt_view *view);

#endif
