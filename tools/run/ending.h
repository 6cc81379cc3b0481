/* SPDX-License-Identifier: MIT */
/* Writing into a recording how its process ended, when it could not do so itself. */
#ifndef VMT_ENDING_H
#define VMT_ENDING_H

/*
 * path: the recording of a process that has ended; status: of waitpid(2). Fills in
 * only what the process itself did not write. 0 or -errno.
 */
int vmt_ending_write(const char *path, int status);

#endif
