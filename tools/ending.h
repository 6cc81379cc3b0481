/* SPDX-License-Identifier: MIT */
/* Writing into a recording how its process ended, when it could not do so itself. */
#ifndef VMT_ENDING_H
#define VMT_ENDING_H

/*
 * path: the recording; status: of waitpid(2). Changes only a recording that says its
 * process is running, which must have ended. 0 or -errno.
 */
int vmt_ending_write(const char *path, int status);

#endif
