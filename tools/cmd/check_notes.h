/* SPDX-License-Identifier: MIT */
/* What check says on standard error in addition to its verdict: see check_notes.c. */
#ifndef VMT_CHECK_NOTES_H
#define VMT_CHECK_NOTES_H

#include "cmd/check_options.h"
#include "run/launch.h"

/* Say how the program failed by itself; its status becomes that of check, whatever the verdict. */
void vmt_check_tell_ending(const struct vmt_check *check, const struct vmt_launch *launch);

/*
 * Warn of a baseline that contains what varies from run to run, which would raise an alarm sooner or
 * later, or call sites without names.
 */
void vmt_check_tell_saved(const struct vmt_check *check, const struct vmt_summary *summary);

/* Say which different executables of one name are judged as one program. */
void vmt_check_tell_twins(const struct vmt_summary *summary);

/* Say what limits the verdict; nothing if it is sound. */
void vmt_check_warn(const struct vmt_verdict *verdict);

#endif
