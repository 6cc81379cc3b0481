/* SPDX-License-Identifier: MIT */
/*
 * What is known of the seccomp filters of a process, for the program that it executes: a file in
 * `dir`, .filter.PID, from execve to the start of the next image, which removes it. A filter cannot
 * be taken away, so what was known of as many filters as there are is known of these.
 */
#ifndef VMT_CARRY_H
#define VMT_CARRY_H

#include "core/base/base.h"

struct vmt_state;

/* Before execve, also in a child of vfork. Nothing is written unless the filters are known. */
void vmt_carry_write(const struct vmt_state *state);

/* execve has failed. */
void vmt_carry_remove(const struct vmt_state *state);

/*
 * At the start, with what every program may do: allow what was known before exec. filters: how many
 * there are. False: nothing was left for us.
 */
bool vmt_carry_take(const struct vmt_state *state, uint64_t pid, uint64_t filters);

#endif
