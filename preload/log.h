/* SPDX-License-Identifier: MIT */
/*
 * What the library says while the program runs: whole lines, `==PID== vmatrace: …`,
 * to standard error as it was when we started, or to log_path. Never blocks for
 * long, never raises SIGPIPE, never writes into a file that the program has since opened.
 */
#ifndef VMT_LOG_H
#define VMT_LOG_H

#include "state.h"

/* Open where messages go. An unwritable log_path is complained about on standard error. */
void vmt_log_open(struct vmt_state *state);

/* The descriptor to write to now, or -1. */
int vmt_log_fd(struct vmt_state *state);

/* One message, wrapped at 80 columns. */
void vmt_log(struct vmt_state *state, const char *message);

/* markers=1: a write(2) that fails, for whoever reads an strace log. */
void vmt_log_marker(const struct vmt_state *state, const char *text);

/* Bytes as they are; as an emit function of core/fmt.h. context is the state. */
void vmt_log_emit(void *context, const char *bytes, size_t size);

#endif
