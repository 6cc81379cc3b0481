/* SPDX-License-Identifier: MIT */
/*
 * The file that log_path names, by the library's own rules: a report contains command lines and is
 * for its owner only, and in a folder where others may write, the name may be a link to one of our
 * own files.
 */
#ifndef VMT_LOGPATH_H
#define VMT_LOGPATH_H

#include <stdio.h>
#include <sys/types.h>

/*
 * Open PATH.PID, or PATH.PID-2 and so on if that is not ours to write to. Returns NULL with errno
 * set on failure.
 */
FILE *vmt_logpath_open(const char *path, pid_t pid);

#endif
