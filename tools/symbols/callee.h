/* SPDX-License-Identifier: MIT */
/*
 * Finds out which function a call instruction calls, or a function jumps to. A function that ended in a jump to another one
 * is not on the stack; only the call before the return address tells about it. Used by symbols.c.
 */
#ifndef VMT_CALLEE_H
#define VMT_CALLEE_H

#include <elfutils/libdwfl.h>
#include <stdbool.h>
#include <stdint.h>

struct vmt_callee {
	/* a function of another module, in the file's memory; or NULL: see address */
	const char *name;
	uint64_t address; /* a function in this file */
	/* a pointer says at run time what is called, or where the function that was searched for a jump ends in one */
	bool is_by_pointer;
	bool has_syscall; /* the function that was searched for a jump makes a system call itself */
};

/*
 * What does the call before an address of an x86-64 file call? False if there is no call, or if its
 * target is known only at run time.
 */
bool vmt_callee_find(Elf *elf, uint64_t address, struct vmt_callee *ret_callee);

/*
 * Find the function that the code from start to end jumps to, if all jumps out of it lead to
 * one. False also if that is not certain, as with a jump to where a register says. Whether a
 * function begins at the target is not examined. is_by_pointer and has_syscall are set in any case.
 */
bool vmt_callee_jump(Elf *elf, uint64_t start, uint64_t end, struct vmt_callee *ret_callee);

/* Does a signal handler return to this address? Then the frame behind it made no call. */
bool vmt_callee_is_signal(Elf *elf, uint64_t address);

/*
 * A thunk changes the register that a call goes through, or the object it is made for; it is
 * nobody's code.
 */
bool vmt_callee_is_thunk(const char *name);

#endif
