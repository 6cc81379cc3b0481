/* SPDX-License-Identifier: MIT */
/*
 * What a seccomp filter says to a system call: its program is interpreted as the kernel does it
 * (net/core/filter.c), with the call's number and those of its arguments that are known. Pure and
 * bounded; programs that the kernel has taken are walked, others are refused.
 */
#ifndef VMT_BPF_H
#define VMT_BPF_H

#include <linux/filter.h>

#include "core/base/base.h"

struct vmt_bpf_call {
	long nr;
	long arg[6];
	unsigned known; /* bit of each argument that is as arg[] says; the others may be anything */
	bool errors_will_do; /* it may be made where the answer is an error, too */
	uint64_t pc; /* behind the system call instruction */
};

/*
 * Is the call let through, whatever the arguments are that are not known? What lets it through only
 * at times, what answers in the kernel's place and what is too long to follow is a no.
 */
bool vmt_bpf_allows(const struct sock_filter *program, size_t length,
		    const struct vmt_bpf_call *call);

/* Does the program look at the address that a call comes from? */
bool vmt_bpf_is_by_address(const struct sock_filter *program, size_t length);

#endif
