/* SPDX-License-Identifier: MIT */
/*
 * Messages of the library while the program runs: whole lines, `==PID== vmatrace: …`, to standard
 * error as it was at the start, or to log_path. It never blocks for long, never raises SIGPIPE, and
 * never writes to a file that the program has opened since. No descriptor is kept for this, since
 * somebody may be waiting for the end of the program's output.
 */
#ifndef VMT_LOG_H
#define VMT_LOG_H

#include "state/state.h"

/*
 * Find out where messages go. If log_path cannot be written, standard error gets a complaint. A
 * child that prints no report is quiet, and makes no log file, unless it reaches the limit of maps.
 */
void vmt_log_open(struct vmt_state *state, bool is_quiet);

/* In a child: standard error is still what it was at the start; a log file is the child's own. */
void vmt_log_open_child(struct vmt_state *state);

/*
 * Returns the descriptor to write to now, or -1. It may have been opened for this: see
 * vmt_log_pause().
 */
int vmt_log_fd(struct vmt_state *state);

/* Nothing more will be said for now: close what was opened for it. */
void vmt_log_pause(struct vmt_state *state);

/*
 * The program is about to give up its rights or its root: keep open what could not be opened by
 * name any more.
 */
void vmt_log_keep(struct vmt_state *state);

/*
 * The program is about to close its standard error, in a function called with these registers. GNU
 * tools do that in an atexit handler; so while the program exits, and only then, a copy is kept for
 * the report.
 */
void vmt_log_error_closes(struct vmt_state *state, const struct vmt_regs *regs);

/* Log one message, wrapped at 80 columns. */
void vmt_log(struct vmt_state *state, const char *message);

/* For markers=1: a write(2) that fails, and shows in an strace log. */
void vmt_log_marker(const struct vmt_state *state, const char *text);

/* Write the bytes as they are: an emit function for core/base/fmt.h. context is the state. */
void vmt_log_emit(void *context, const char *bytes, size_t size);

/* The same, to this file. */
void vmt_log_emit_to(struct vmt_state *state, const struct vmt_fd *fd, const char *bytes,
		     size_t size);

#endif
