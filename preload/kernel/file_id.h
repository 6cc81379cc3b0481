/* SPDX-License-Identifier: MIT */
/* Identifies the file of a new map, as /proc/self/maps would, by the descriptor that was mapped. */
#ifndef VMT_FILE_ID_H
#define VMT_FILE_ID_H

#include "state/state.h"

/* The function `file` of struct vmt_kernel_ops; context is the state. */
int vmt_file_id_file(void *context, int fd, struct vmt_vma *vma);

/* The program's own file is in the table already, so its device can be compared without asking. */
void vmt_file_id_start(struct vmt_state *state);

#endif
