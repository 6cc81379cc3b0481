/* SPDX-License-Identifier: MIT */
/*
 * Whether the library can enter a program, judged before it is started. No preload
 * reaches static, setuid, 32-bit or foreign programs, and nobody would tell.
 */
#ifndef VMT_TARGET_H
#define VMT_TARGET_H

#include <limits.h>

struct vmt_target {
	char path[PATH_MAX]; /* what would be executed */
	char problem[PATH_MAX + 256]; /* a sentence that names the file; "" = none */
};

/*
 * Find name as execvp(3) would and look at it, and at its interpreters if it is a
 * script. Returns 0, or the exit status to end with, problem saying why:
 * VMT_EXIT_NOT_FOUND, VMT_EXIT_CANNOT (not executable) or VMT_EXIT_FAILED (cannot be
 * traced).
 */
int vmt_target_check(const char *name, struct vmt_target *ret_target);

#endif
