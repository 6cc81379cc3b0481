/* SPDX-License-Identifier: MIT */
/* Writes into a recording how its process ended, if the process could not do so. */
#ifndef VMT_ENDING_H
#define VMT_ENDING_H

/*
 * path: the recording of a process that has ended; status: from waitpid(2). Only fills in what the
 * process did not write itself. Returns 0 or -errno.
 */
int vmt_ending_write(const char *path, int status);

#endif
