/* SPDX-License-Identifier: MIT */
/*
 * Is the process of a recording still there?
 */
#ifndef VMT_LIVENESS_H
#define VMT_LIVENESS_H

#include "core/recording/view.h"

#include <time.h>

uint64_t vmt_liveness_now(clockid_t clock); /* ns */

/* Whether the recorded process is certainly no more; a new one may have its number. */
bool vmt_liveness_is_gone(const struct vmt_view *view);

#endif
