/* SPDX-License-Identifier: MIT */
/* The directory that `vmatrace run` records into, and what else is in it. */
#ifndef VMT_OUTDIR_H
#define VMT_OUTDIR_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Returns the number of recordings in a directory. */
size_t vmt_outdir_count(const char *path);

/*
 * Rename the recordings of an older run to path.old, after removing those that are there: a report
 * must not mix two runs. Does nothing if there are none, or if another run is still recording.
 */
void vmt_outdir_set_aside(const char *path);

struct vmt_outdir_others {
	pid_t shown; /* the process that a report is about */
	size_t count;
	uint64_t peak; /* the highest */
	pid_t limited; /* a process that has reached the limit of maps; 0: none has */
	/* one that became a program that was not traced, the one shown if that did; "" = none */
	char gone[PATH_MAX];
	/* the program that was meant is such a one: what is shown only led to it */
	bool is_untraced;
};

/*
 * Find the process that a report is about: pid, or one that it does little but start, as timeout
 * does. Count the others with recordings that began after `since` (ns since 1970).
 */
void vmt_outdir_others(const char *path, pid_t pid, uint64_t since,
		       struct vmt_outdir_others *ret_others);

/* Say that a process became a program that was not traced, if one did. */
void vmt_outdir_tell_untraced(const struct vmt_outdir_others *others);

/*
 * Returns how many processes that began after `since` are still running and record into path. Their
 * environment tells that: a daemon may have no recording yet when the program that started it has
 * ended.
 */
size_t vmt_outdir_running(const char *path, uint64_t since);

#endif
