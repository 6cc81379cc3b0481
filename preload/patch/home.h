/* SPDX-License-Identifier: MIT */
/*
 * Calls made at home: by the system call instruction in libc's own syscall(3), for programs that
 * let calls through only from certain addresses. The same instruction serves the stubs once the
 * library has stepped aside.
 */
#ifndef VMT_HOME_H
#define VMT_HOME_H

#include <link.h>

#include "core/base/base.h"

/* Look for the instruction in libc's own syscall(3), even if another module exports one, too. */
void vmt_home_find(const struct dl_phdr_info *libc);

/* From now on each stub makes its call as if it were not there, and no call is recorded. */
void vmt_home_step_aside(void);
bool vmt_home_is_aside(void);

/*
 * Make a system call with that instruction, or with one of ours if libc has none that is known.
 * Returns its result, -errno on failure, and leaves errno alone.
 */
long vmt_home_call(long nr, const long args[6]);

#endif
