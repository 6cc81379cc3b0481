/* SPDX-License-Identifier: MIT */
/*
 * Whether the library can get into a program, decided before the program is started. LD_PRELOAD
 * does not reach static, setuid, 32-bit or foreign programs, and nothing would say so.
 */
#ifndef VMT_TARGET_H
#define VMT_TARGET_H

#include <limits.h>

struct vmt_target {
	char path[PATH_MAX]; /* the file that would be executed */
	char problem[PATH_MAX + 256]; /* a sentence that names the file; "" = no problem */
};

/*
 * Find name as execvp(3) would, and examine it, along with its interpreters if it is a script.
 * Returns 0, or an exit status and `problem`: VMT_EXIT_NOT_FOUND, VMT_EXIT_CANNOT (not executable)
 * or VMT_EXIT_FAILED (cannot be traced).
 */
int vmt_target_check(const char *name, struct vmt_target *ret_target);

#endif
