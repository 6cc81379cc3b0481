/* SPDX-License-Identifier: MIT */
/* The functions of one ELF module, sorted by address for quick look-up. */
#ifndef VMT_FUNCTIONS_H
#define VMT_FUNCTIONS_H

#include <elfutils/libdwfl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct vmt_function {
	uint64_t start; /* the first member, for sorted.h */
	uint64_t end;
	const char *name; /* mangled; belongs to the module */
	uint32_t rank; /* the name with the lowest rank is the best one for its address */
	bool is_local; /* only a full symbol table has such functions */
	bool is_sized; /* its symbol has a size */
};

struct vmt_functions {
	struct vmt_function *item;
	size_t count;
	bool is_whole; /* no function is missing: it was read from a full symbol table */
	const struct vmt_function **by_name; /* or NULL: nothing was looked up by its name yet */
};

/* Read the symbol table of a module, or of its debug file if there is one. */
void vmt_functions_read(struct vmt_functions *functions, Dwfl_Module *module);

/* Returns the mangled name of the function that contains addr, or NULL. */
const char *vmt_functions_find(const struct vmt_functions *functions, uint64_t addr);

/* Returns the function that contains addr, or NULL. */
const struct vmt_function *vmt_functions_at(const struct vmt_functions *functions, uint64_t addr);

/* Returns the first function of this name, whatever its version, or NULL. */
const struct vmt_function *vmt_functions_named(struct vmt_functions *functions, const char *name);

/* Is name "grow", or "grow.cold", which is another piece of it? */
bool vmt_functions_is_piece(const char *name, const char *whole);

/* Is this one of the names of a function, or of a piece of it? */
bool vmt_functions_has_name(const struct vmt_functions *functions, const struct vmt_function *at,
			    const char *name);

/* Returns a mangled name as it is written in the source, without a version; the caller frees it. */
char *vmt_functions_plain_name(const char *name);

void vmt_functions_free(struct vmt_functions *functions);

#endif
