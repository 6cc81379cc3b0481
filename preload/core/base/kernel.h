/* SPDX-License-Identifier: MIT */
/*
 * The kernel's version, and whether this library's rules have been tried on it. Pure; called by
 * confidence.c and by tests/model.
 */
#ifndef VMT_KERNEL_H
#define VMT_KERNEL_H

#include "core/base/base.h"

#define VMT_KERNEL(major, minor) ((major)*1000u + (minor))

/*
 * The oldest and the newest kernel that scripts/kernels.sh found no differences on. The script fails
 * when it meets a newer kernel: raise the number once no difference is left there.
 */
#define VMT_KERNEL_OLDEST_TRIED VMT_KERNEL(5, 10)
#define VMT_KERNEL_NEWEST_TRIED VMT_KERNEL(7, 2)

/*
 * Returns the version number of a release as uname(2) reports it ("6.12.9-amd64"), or 0 if the text
 * is no release.
 */
unsigned vmt_kernel_number(const char *release);

/*
 * Is this kernel neither older nor newer than those tried? What is no Linux, but answers as one,
 * calls itself an old one (gVisor: 4.4.0), as does any under personality(UNAME26).
 */
bool vmt_kernel_is_tried(const char *release);

#endif
