/* SPDX-License-Identifier: MIT */
/*
 * What the library says while the program runs: whole lines, `==PID== vmatrace: …`,
 * to standard error as it was when we started, or to log_path. Never blocks for
 * long, never raises SIGPIPE, never writes into a file that the program has since opened. No
 * descriptor is kept for it: somebody may be waiting for the end of what the program writes there.
 */
#ifndef VMT_LOG_H
#define VMT_LOG_H

#include "state/state.h"

/* Find out where messages go. An unwritable log_path is complained about on standard error. */
void vmt_log_open(struct vmt_state *state);

/* The same in a fork child: standard error is still its parent's, a log file is its own. */
void vmt_log_open_child(struct vmt_state *state);

/* The descriptor to write to now, or -1. It may have been opened for that: see vmt_log_pause. */
int vmt_log_fd(struct vmt_state *state);

/* Nothing more is to be said for now: close what was opened for it. */
void vmt_log_pause(struct vmt_state *state);

/*
 * The program is about to give up its rights or its root: what has to be reached by name is kept
 * open.
 */
void vmt_log_keep(struct vmt_state *state);

/*
 * The program is about to close its standard error, from a function called with these registers.
 * GNU tools do that in an atexit handler; so while it exits, and only then, a copy is kept for the
 * report.
 */
void vmt_log_error_closes(struct vmt_state *state, const struct vmt_regs *regs);

/* One message, wrapped at 80 columns. */
void vmt_log(struct vmt_state *state, const char *message);

/* markers=1: a write(2) that fails, for whoever reads an strace log. */
void vmt_log_marker(const struct vmt_state *state, const char *text);

/* Bytes as they are; as an emit function of core/base/fmt.h. context is the state. */
void vmt_log_emit(void *context, const char *bytes, size_t size);

#endif
