/* SPDX-License-Identifier: MIT */
/*
 * Which file a new map shows, as /proc/self/maps names it, from the descriptor that was mapped.
 */
#ifndef VMT_DEVICE_H
#define VMT_DEVICE_H

#include "core/space.h"

/* For struct vmt_kernel_ops, whose contract it has; context is the state. */
int vmt_device_file(void *context, int fd, struct vmt_look *look);

#endif
