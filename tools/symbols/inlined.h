/* SPDX-License-Identifier: MIT */
/*
 * Which functions that were inlined an address lies in, one in another. libdw's dwarf_getscopes
 * goes through the whole unit for each address; this reads a unit's functions once and then looks
 * into one of them. Names belong to libdw. Used by symbols.c.
 */
#ifndef VMT_INLINED_H
#define VMT_INLINED_H

#include <elfutils/libdw.h>
#include <stdbool.h>
#include <stdint.h>

#define VMT_INLINED_NESTING 100 /* of scopes within a function */
#define VMT_INLINED_CALLERS 15

struct vmt_inlined; /* the units of a module that were asked for; NULL = none yet */

/* The inlined functions that lie within each other around an address, the outermost first. */
struct vmt_inlined_path {
	Dwarf_Die *unit;
	size_t count;
	Dwarf_Die function[VMT_INLINED_NESTING];
};

struct vmt_inlined_caller {
	const char *name; /* NULL for the outermost, which was not inlined */
	Dwarf_Die *function; /* the same in the path, or NULL */
	const char *file; /* where it calls the function before it; NULL = not known */
	uint32_t line;
};

/*
 * The path to address, which lies in this unit; both without the module's bias. Empty when the
 * code is the function's own, or when there is no memory to find it.
 */
void vmt_inlined_find(struct vmt_inlined **units, Dwarf_Die *unit, uint64_t address,
		      struct vmt_inlined_path *ret_path);
void vmt_inlined_free(struct vmt_inlined **units);

/* The innermost function's; NULL where nothing was inlined, or it has none. */
const char *vmt_inlined_name(struct vmt_inlined_path *path);

/*
 * What the innermost function was inlined into, inner ones first, ending with the one that was not
 * inlined; beyond VMT_INLINED_CALLERS those before it are left out. Returns how many.
 */
size_t vmt_inlined_callers(struct vmt_inlined_path *path,
			   struct vmt_inlined_caller ret_callers[VMT_INLINED_CALLERS]);

static inline bool vmt_is_mangled(const char *name)
{
	return name[0] == '_' && (name[1] == 'Z' || name[1] == 'R');
}

#endif
