/* SPDX-License-Identifier: MIT */
/*
 * Finds the nested inlined functions that contain an address. libdw's dwarf_getscopes walks the
 * whole unit for each address; this reads a unit's functions once, and then searches one of them.
 * Names belong to libdw. Used by symbols.c.
 */
#ifndef VMT_INLINED_H
#define VMT_INLINED_H

#include <elfutils/libdw.h>
#include <stdbool.h>
#include <stdint.h>

#define VMT_INLINED_NESTING 100 /* nested scopes in a function */
#define VMT_INLINED_CALLERS 15

struct vmt_inlined; /* the units of a module that have been read; NULL = none yet */

/* The nested inlined functions around an address, the outermost first. */
struct vmt_inlined_path {
	Dwarf_Die *unit;
	size_t count;
	Dwarf_Die function[VMT_INLINED_NESTING];
};

struct vmt_inlined_caller {
	const char *name; /* NULL for the outermost function, which was not inlined */
	Dwarf_Die *function; /* the function itself in the path, or NULL */
	const char *file; /* where it calls the function before it; NULL = unknown */
	uint32_t line;
};

/*
 * Find the path to address, which must lie in this unit; both are without the module's bias. The
 * path is empty if the code is the function's own, or without memory.
 */
void vmt_inlined_find(struct vmt_inlined **units, Dwarf_Die *unit, uint64_t address,
		      struct vmt_inlined_path *ret_path);
void vmt_inlined_free(struct vmt_inlined **units);

/* Returns the innermost function's name; NULL if nothing was inlined, or if it has no name. */
const char *vmt_inlined_name(struct vmt_inlined_path *path);

/*
 * Find what the innermost function was inlined into, from the inside out. The last one is the
 * function that was not inlined; if there are more than VMT_INLINED_CALLERS, those before it are
 * left out. Returns their number.
 */
size_t vmt_inlined_callers(struct vmt_inlined_path *path,
			   struct vmt_inlined_caller ret_callers[VMT_INLINED_CALLERS]);

static inline bool vmt_inlined_is_mangled(const char *name)
{
	return name[0] == '_' && (name[1] == 'Z' || name[1] == 'R');
}

#endif
