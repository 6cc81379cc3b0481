/* SPDX-License-Identifier: MIT */
/* Shared by targets that install a seccomp filter for their own thread, as most programs do. */
#ifndef TARGET_FILTER_H
#define TARGET_FILTER_H

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>

#include "target.h"

static inline void set_filter(struct sock_filter *steps, size_t count)
{
	const struct sock_fprog program = { (unsigned short)count, steps };

	REQUIRE(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
	REQUIRE(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0);
}

#endif
