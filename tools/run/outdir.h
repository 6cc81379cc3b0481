/* SPDX-License-Identifier: MIT */
/* The directory that `vmatrace run` records into, and what else is in it. */
#ifndef VMT_OUTDIR_H
#define VMT_OUTDIR_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/*
 * What an older run left in path becomes path.old, whose recordings are removed: a report must not
 * mix two runs. Does nothing when there is none, or when another run is still at it.
 */
void vmt_outdir_set_aside(const char *path);

/* Recordings of other processes than pid, begun since (ns since 1970); ret_peak: their highest. */
size_t vmt_outdir_others(const char *path, pid_t pid, uint64_t since, uint64_t *ret_peak);

/*
 * Processes begun since that still run and are recorded into path, told by their environment: a
 * daemon may have no recording yet when the program that started it has ended. ret_pid: one of
 * them.
 */
size_t vmt_outdir_running(const char *path, uint64_t since, pid_t *ret_pid);

#endif
