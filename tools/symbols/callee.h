/* SPDX-License-Identifier: MIT */
/*
 * Which function a call instruction calls. A function that ended in a jump to another is not on
 * the stack, and the call that returns behind it is all that tells of it. Used by symbols.c.
 */
#ifndef VMT_CALLEE_H
#define VMT_CALLEE_H

#include <elfutils/libdwfl.h>
#include <stdbool.h>
#include <stdint.h>

struct vmt_callee {
	const char *name; /* of another module's function, by the file's memory; or NULL: */
	uint64_t address; /* of a function in this file */
};

/*
 * What the call before an address of an x86-64 file calls. False when there is no call, or its
 * target is known only when it is made.
 */
bool vmt_callee_find(Elf *elf, uint64_t address, struct vmt_callee *ret_callee);

/* Whether a signal handler returns to this address: what lies behind it on a stack made no call. */
bool vmt_callee_is_signal(Elf *elf, uint64_t address);

#endif
