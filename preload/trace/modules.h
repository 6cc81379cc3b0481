/* SPDX-License-Identifier: MIT */
/*
 * Code addresses as (module, file offset): which file is mapped where is known from
 * the table itself, so that dlclose and address reuse do no harm later.
 */
#ifndef VMT_MODULES_H
#define VMT_MODULES_H

#include "state/state.h"

/* For vmt_callsites_ops; context is the state. Under the lock. */
struct vmt_rec_frame vmt_modules_frame_of(void *context, uint64_t addr);

#endif
