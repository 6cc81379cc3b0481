/* SPDX-License-Identifier: MIT */
/*
 * The names of files: recordings, this library.
 */
#ifndef VMT_NAME_H
#define VMT_NAME_H

#include "state.h"

/* DIR/EXE.PID.vmt for image 1, DIR/EXE.PID-2.vmt for the second…, DIR/EXE.PID.tmp for 0, while it is
 * made; false if it does not fit. */
bool vmt_name_recording(const struct vmt_state *state, unsigned image, char *path, size_t size);

/* The path of this library; 0 if it cannot be told. */
size_t vmt_name_library(struct vmt_state *state, char *path, size_t size);

#endif
