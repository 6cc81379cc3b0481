/* SPDX-License-Identifier: MIT */
/* The functions of one ELF module, sorted by address for quick look-up. */
#ifndef VMT_FUNCTIONS_H
#define VMT_FUNCTIONS_H

#include <elfutils/libdwfl.h>
#include <stddef.h>
#include <stdint.h>

struct vmt_function {
	uint64_t start; /* the first member, for sorted.h */
	uint64_t end;
	const char *name; /* mangled; belongs to the module */
	uint32_t rank; /* the name with the lowest rank is the best one for its address */
};

struct vmt_functions {
	struct vmt_function *item;
	size_t count;
};

/* Read the symbol table of a module, or of its debug file if there is one. */
void vmt_functions_read(struct vmt_functions *functions, Dwfl_Module *module);

/* Returns the mangled name of the function that contains addr, or NULL. */
const char *vmt_functions_find(const struct vmt_functions *functions, uint64_t addr);

/* Returns the function that contains addr, or NULL. */
const struct vmt_function *vmt_functions_at(const struct vmt_functions *functions, uint64_t addr);

/* Returns the first function of this name, whatever its version, or NULL. */
const struct vmt_function *vmt_functions_named(const struct vmt_functions *functions,
					       const char *name);

void vmt_functions_free(struct vmt_functions *functions);

#endif
