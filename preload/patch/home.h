/* SPDX-License-Identifier: MIT */
/*
 * Calls made where they belong: by the system call instructions of libc's text, for programs that
 * let them through by the address they come from.
 */
#ifndef VMT_HOME_H
#define VMT_HOME_H

#include <link.h>

#include "core/base/base.h"

/* Look for the instruction in libc's own syscall(3), whoever else exports one. */
void vmt_home_find(const struct dl_phdr_info *libc);

/* From now on each stub makes its call as if it were not there, and nobody learns of it. */
void vmt_home_step_aside(void);
bool vmt_home_is_aside(void);

/*
 * Make a system call by that instruction. Returns its result, -errno on failure, and leaves errno
 * alone; by one of ours where libc has none that is known.
 */
long vmt_home_call(long nr, const long args[6]);

#endif
