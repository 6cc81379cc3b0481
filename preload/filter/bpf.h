/* SPDX-License-Identifier: MIT */
/*
 * Finds out what a seccomp filter does with a system call. The filter's program is interpreted as
 * in the kernel (net/core/filter.c), with the call's number and those arguments that are known.
 * Pure and bounded. A program has to be one that the kernel accepted; others are refused.
 */
#ifndef VMT_BPF_H
#define VMT_BPF_H

#include <linux/filter.h>

#include "core/base/base.h"

struct vmt_bpf_call {
	long nr;
	long arg[6];
	/* a bit for each argument that has the value in arg[]; others may have any value */
	unsigned known;
	/* the call may also be made where the filter returns an error for it */
	bool errors_will_do;
	uint64_t pc; /* the address after the system call instruction */
};

/*
 * Does the filter let the call through, whatever the unknown arguments are? The answer is no if it
 * lets the call through only sometimes, if it answers in the kernel's place, or if it is too long
 * to follow.
 */
bool vmt_bpf_allows(const struct sock_filter *program, size_t length,
		    const struct vmt_bpf_call *call);

/* Do these instructions, which may be a part of a program, examine where a call comes from? */
bool vmt_bpf_is_by_address(const struct sock_filter *program, size_t length);

#endif
