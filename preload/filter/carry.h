/* SPDX-License-Identifier: MIT */
/*
 * Passes what is known of a process's seccomp filters on to the program that it executes: in a file
 * in `dir`, .filter.PID, from execve until the next image starts, which removes it. Filters cannot
 * be removed, so if their number is the same, they are the same filters.
 */
#ifndef VMT_CARRY_H
#define VMT_CARRY_H

#include "core/base/base.h"

struct vmt_state;

/* Before execve, also in a vfork child. Writes nothing unless all filters are known. */
void vmt_carry_write(const struct vmt_state *state);

/* execve has failed: remove the file. */
void vmt_carry_remove(const struct vmt_state *state);

/*
 * At the start, using only calls that every program may make: allow what was known before exec.
 * filters: the number of filters. Returns false if no file was left for us.
 */
bool vmt_carry_take(const struct vmt_state *state, uint64_t pid, uint64_t filters);

#endif
