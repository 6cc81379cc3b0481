/* SPDX-License-Identifier: MIT */
/*
 * Remedies that can be tried without a change of the program: with try=guards,names,... other calls
 * are made in place of the program's own, and leave fewer maps. The recording holds the calls that
 * were made.
 *
 * No remedy loses the contents of memory. A call is replaced only where it is certain what the
 * memory holds; otherwise, and in every process with a seccomp filter, it is made as the program
 * asked for it. remedy.c says for each remedy what a program may notice nevertheless.
 */
#ifndef VMT_REMEDY_H
#define VMT_REMEDY_H

#include "core/base/base.h"

/* The calls to be made in place of one, in order. */
#define VMT_REMEDY_CALLS 3u

struct vmt_remedy_call {
	long nr;
	long args[6];
	bool may_fail; /* if this is false and the call fails, the program's own call is made */
};

struct vmt_remedy_plan {
	struct vmt_remedy_call call[VMT_REMEDY_CALLS];
	unsigned count; /* 0: the program's own call is made */
	bool returns_address; /* the result is the first argument, as with MAP_FIXED */
	bool then_own; /* the program's own call follows */
};

/* The remedies in effect: bits of enum vmt_remedy (core/base/options.h). Nearly always 0. */
extern uint32_t vmt_remedies;

/*
 * Plan which calls to make in place of this one. Returns false if the program's own call is to be
 * made. Changes no memory by itself.
 */
bool vmt_remedy_find(long nr, const long args[6], struct vmt_remedy_plan *ret_plan);

/* The program's own call was made: remember what a later call may be about. */
void vmt_remedy_made(long nr, const long args[6], long result);

/*
 * The call number `failed` of the plan has failed. Turn the calls before this one into calls that
 * undo them. They are made from the last to the first, so that the program's own call then has its
 * usual effect.
 */
void vmt_remedy_undo(struct vmt_remedy_plan *plan, unsigned failed);

/* To be called once, before the first call: puts those remedies in effect that the kernel has. */
void vmt_remedy_open(uint32_t remedies);

#endif
