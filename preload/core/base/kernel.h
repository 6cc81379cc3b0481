/* SPDX-License-Identifier: MIT */
/*
 * Which Linux this is, and whether the rules of this library have been tried on it. Pure; called by
 * confidence.c and by tests/model.
 */
#ifndef VMT_KERNEL_H
#define VMT_KERNEL_H

#include "core/base/base.h"

#define VMT_KERNEL(major, minor) ((major)*1000u + (minor))

/*
 * The newest that scripts/kernels.sh found no difference on. That script fails when it comes by a
 * newer one: once nothing differs there, this number is to be raised.
 */
#define VMT_KERNEL_TRIED VMT_KERNEL(7, 2)

/* The number of a release as uname tells it ("6.12.9-amd64"); 0: it is none. */
unsigned vmt_kernel_number(const char *release);

/* Not newer than what was tried? */
bool vmt_kernel_is_tried(const char *release);

#endif
