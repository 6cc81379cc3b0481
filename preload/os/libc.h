/* SPDX-License-Identifier: MIT */
/*
 * The program's C library: which of the loaded modules it is, and where it has the few things that
 * this library uses without being linked to them. They are found in symbol tables, so that the same
 * library file loads with every C library, whatever its symbols and versions are.
 */
#ifndef VMT_LIBC_H
#define VMT_LIBC_H

#include "core/base/base.h"

struct vmt_libc {
	/* an address in libc's text; 0: none of the modules is a known C library */
	uint64_t inside;
	uint64_t last_exit; /* the function that every exit(3) ends in */
	uint64_t environment; /* the address of the variable __environ */
	uint64_t on_exit; /* the address of on_exit; 0 = libc has none */
	bool is_glibc; /* glibc passes the arguments and the environment to constructors */
};

extern struct vmt_libc vmt_libc;

/* Find libc. The constructor calls this before anything else here. */
void vmt_libc_find(void);

/* Returns the environment before main has begun. arguments: what the constructor was passed. */
char **vmt_libc_environment(char **arguments);

/*
 * Have function called last when the program ends by exit(3). Returns false if this C library has
 * no function of that kind that passes the status.
 */
bool vmt_libc_on_exit(void (*function)(int status, void *unused));

#endif
