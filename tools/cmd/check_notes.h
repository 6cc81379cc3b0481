/* SPDX-License-Identifier: MIT */
/* What check says besides its verdict, on standard error: see check_notes.c. */
#ifndef VMT_CHECK_NOTES_H
#define VMT_CHECK_NOTES_H

#include "cmd/check_options.h"
#include "run/launch.h"

/* A program that failed by itself: its status is the check's, whatever the verdict. */
void vmt_check_tell_ending(const struct vmt_check *check, const struct vmt_launch *launch);

/* A baseline of what varies from run to run would be an alarm sooner or later. */
void vmt_check_tell_saved(const struct vmt_check *check, const struct vmt_summary *summary);

/* What makes a verdict less than it seems; nothing if it is sound. */
void vmt_check_warn(const struct vmt_verdict *verdict);

#endif
