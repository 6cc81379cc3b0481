/* SPDX-License-Identifier: MIT */
/*
 * Which file a new map shows, as /proc/self/maps names it, from the descriptor that was mapped.
 */
#ifndef VMT_FILE_ID_H
#define VMT_FILE_ID_H

#include "state/state.h"

/* For struct vmt_kernel_ops, whose contract it has; context is the state. */
int vmt_file_id_file(void *context, int fd, struct vmt_vma *vma);

/*
 * The program's own file is in the table and can be compared without a question: one device is
 * known.
 */
void vmt_file_id_start(struct vmt_state *state);

#endif
