/* SPDX-License-Identifier: MIT */
/*
 * The names of files: recordings, this library.
 */
#ifndef VMT_NAME_H
#define VMT_NAME_H

#include "state/state.h"

/* DIR/EXE.PID.vmt for image 1, DIR/EXE.PID-2.vmt for the second…; false if it does not fit. */
bool vmt_name_recording(const struct vmt_state *state, uint64_t image, char *path, size_t size);

/* DIR/EXE.PID.SOMETHING.tmp, while it is made; another one for each try. */
bool vmt_name_temporary(const struct vmt_state *state, unsigned try, char *path, size_t size);

/* The path of this library; 0 if it cannot be told. */
size_t vmt_name_library(struct vmt_state *state, char *path, size_t size);

#endif
