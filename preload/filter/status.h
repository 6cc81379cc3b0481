/* SPDX-License-Identifier: MIT */
/* Reads /proc/PID/status, as far as seccomp filters are concerned. Used by probe.c and carry.c. */
#ifndef VMT_STATUS_H
#define VMT_STATUS_H

#include "core/base/base.h"

/* What /proc/self/status says about the process. */
struct vmt_status {
	uint64_t pid;
	uint64_t parent;
	uint64_t seccomp; /* SECCOMP_MODE_* */
	uint64_t filters;
	bool no_new_privileges;
};

/* text: the content of a status file. Missing fields become 0. */
void vmt_status_read(const char *text, size_t length, struct vmt_status *ret_status);

#endif
