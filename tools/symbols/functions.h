/* SPDX-License-Identifier: MIT */
/* The functions of one ELF module, sorted by address for quick look-up. */
#ifndef VMT_FUNCTIONS_H
#define VMT_FUNCTIONS_H

#include <elfutils/libdwfl.h>
#include <stddef.h>
#include <stdint.h>

struct vmt_function {
	uint64_t start; /* first, for sorted.h */
	uint64_t end;
	const char *name; /* mangled; the module's memory */
	uint32_t rank; /* lower is the better of two names for one place */
};

struct vmt_functions {
	struct vmt_function *item;
	size_t count;
};

/* Read the symbol table of a module (its debug file's if there is one). */
void vmt_functions_read(struct vmt_functions *functions, Dwfl_Module *module);

/* The mangled name of the function that addr lies in, or NULL. */
const char *vmt_functions_find(const struct vmt_functions *functions, uint64_t addr);

/* The function that addr lies in as a whole; NULL if none. */
const struct vmt_function *vmt_functions_at(const struct vmt_functions *functions, uint64_t addr);

/* The first of this name, whatever version follows it; NULL if there is none. */
const struct vmt_function *vmt_functions_named(const struct vmt_functions *functions,
					       const char *name);

void vmt_functions_free(struct vmt_functions *functions);

#endif
