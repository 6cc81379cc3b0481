/* SPDX-License-Identifier: MIT */
/* The names of the library's files: recordings, and the library itself. */
#ifndef VMT_NAME_H
#define VMT_NAME_H

#include "state/state.h"

/*
 * DIR/EXE.PID.vmt for image 1, DIR/EXE.PID-2.vmt for the second, and so on; false if it does not
 * fit.
 */
bool vmt_name_recording(struct vmt_state *state, uint64_t image, char *path, size_t size);

/*
 * DIR/EXE.PID.SOMETHING.tmp, the name of a recording that is being made; each try gives another
 * one.
 */
bool vmt_name_temporary(struct vmt_state *state, unsigned try, char *path, size_t size);

/* DIR/EXE.lost, or DIR/FOLDER/EXE.lost: for lost.h. */
bool vmt_name_lost(struct vmt_state *state, const char *folder, char *path, size_t size);

/* Get the path of this library. Returns its length, or 0 if it is unknown. */
size_t vmt_name_library(struct vmt_state *state, char *path, size_t size);

#endif
