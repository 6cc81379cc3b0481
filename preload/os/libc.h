/* SPDX-License-Identifier: MIT */
/*
 * The C library of the program: which of the loaded modules it is, and what this library
 * needs of it beyond the few names that it is linked by. Found by reading symbol tables, so that
 * one file of ours is loaded by every C library, whatever its symbols and versions are.
 */
#ifndef VMT_LIBC_H
#define VMT_LIBC_H

#include "core/base/base.h"

struct vmt_libc {
	uint64_t inside; /* an address in its text; 0: none of the modules is one that we know */
	uint64_t last_exit; /* the function that every way of ending by exit(3) goes through */
	uint64_t environment; /* the variable __environ */
	uint64_t on_exit; /* the function, 0 = it has none */
	bool is_glibc; /* its constructors are given the arguments and the environment */
};

extern struct vmt_libc vmt_libc;

/* Look for it. To be called by the constructor, before the rest. */
void vmt_libc_find(void);

/* What the kernel has told the program; 0 = nothing (glibc before 2.16 cannot be asked). */
unsigned long vmt_libc_auxiliary(unsigned long type);

/* The environment before main has begun; arguments: what the constructor was given for it. */
char **vmt_libc_environment(char **arguments);

/*
 * Let function be called last when the program ends by exit(3). False if this C library has nothing
 * that calls it with the status.
 */
bool vmt_libc_on_exit(void (*function)(int status, void *unused));

#endif
