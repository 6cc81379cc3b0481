/* SPDX-License-Identifier: MIT */
/*
 * The file that log_path names, under the library's own rules: a report holds command lines and is
 * its owner's alone, and in a folder where others may write, a name may be a link to one of our own
 * files.
 */
#ifndef VMT_REPORT_FILE_H
#define VMT_REPORT_FILE_H

#include <stdio.h>
#include <sys/types.h>

/* PATH.PID, or PATH.PID-2 and so on where that is not ours to write to. NULL: errno says why. */
FILE *vmt_report_file_open(const char *path, pid_t pid);

#endif
