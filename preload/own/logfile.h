/* SPDX-License-Identifier: MIT */
/*
 * log_path: a file of the process's own, created at the start, closed again, and opened by its name
 * whenever there is something to say. It holds command lines: mode 0600.
 */
#ifndef VMT_LOGFILE_H
#define VMT_LOGFILE_H

#include "state/state.h"

/*
 * Create log_path.PID and remember its name and what it is. In a folder of our own it replaces what
 * is there, if replace is set; in anybody else's never: it is called log_path.PID-2 then, and so
 * on. Returns a descriptor or -errno.
 */
int vmt_logfile_create(struct vmt_state *state, bool replace);

/* The file that was created, or a new one where that is gone. A descriptor or -errno. */
int vmt_logfile_open(struct vmt_state *state);

#endif
