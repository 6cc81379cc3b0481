/* SPDX-License-Identifier: MIT */
/*
 * log_path: a file for each process, created at the start, closed again, and opened by its name
 * whenever there is something to say. It contains command lines, so its mode is 0600.
 */
#ifndef VMT_LOGFILE_H
#define VMT_LOGFILE_H

#include "state/state.h"

/*
 * Create log_path.PID, and remember its name and its identity. In a folder of our own, an existing
 * file is replaced if `replace` is set; in any other folder it never is, and the file is called
 * log_path.PID-2 then, and so on. Returns a descriptor or -errno.
 */
int vmt_logfile_create(struct vmt_state *state, bool replace);

/* Open the file that was created, or a new one if that is gone. Returns a descriptor or -errno. */
int vmt_logfile_open(struct vmt_state *state);

#endif
