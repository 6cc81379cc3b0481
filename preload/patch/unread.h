/* SPDX-License-Identifier: MIT */
#ifndef VMT_PATCH_UNREAD_H
#define VMT_PATCH_UNREAD_H

#include "core/base/base.h"

/* Text in this map has been written to, so fork will copy the entries of its pages. */
void vmt_unread_note(struct vmt_range map);

/*
 * Before a fork. Gives back, once in the life of a process, those pages of the maps noted that are
 * as their files have them. The kernel maps them again when they are executed or read. Pages that
 * somebody has written to stay: ours, and those with a breakpoint. Nothing happens where /proc does
 * not tell them apart. Under the lock.
 */
void vmt_unread_once(void);

#endif
