/* SPDX-License-Identifier: MIT */
/*
 * Remedies that can be tried without a change of the program: try=guards,names,... makes other
 * calls in place of the program's own, which leave fewer maps. What is recorded is what was called.
 *
 * No remedy loses contents: a call is replaced only where it is certain what is there, and is made
 * as the program asked for it otherwise, which includes every process with a seccomp filter. What
 * a program may notice all the same stands with each of them in remedy.c.
 */
#ifndef VMT_REMEDY_H
#define VMT_REMEDY_H

#include "core/base/base.h"

/* The calls to be made in place of one, in order. */
#define VMT_REMEDY_CALLS 3u

struct vmt_remedy_call {
	long nr;
	long args[6];
	bool may_fail; /* otherwise the program's own call is made when this one fails */
};

struct vmt_remedy_plan {
	struct vmt_remedy_call call[VMT_REMEDY_CALLS];
	unsigned count; /* 0: the program's own call */
	bool returns_address; /* the first argument is the result, as of mmap with MAP_FIXED */
	bool then_own; /* and then the program's own call */
};

/* Bits of enum vmt_remedy (core/base/options.h) that are in effect; 0 nearly always. */
extern uint32_t vmt_remedies;

/* What is to be called for this call; false: the program's own. Makes no change by itself. */
bool vmt_remedy_find(long nr, const long args[6], struct vmt_remedy_plan *ret_plan);

/*
 * The call with that number has failed: what is to be called, from the one before it down to 0, so
 * that the program's own call does what it would have done.
 */
void vmt_remedy_undo(struct vmt_remedy_plan *plan, unsigned failed);

/* To be called once, before the first call: leaves only those in effect that the kernel has. */
void vmt_remedy_open(uint32_t remedies);

#endif
