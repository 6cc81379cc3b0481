/* SPDX-License-Identifier: MIT */
/*
 * Which inlined function an address lies in. libdw's dwarf_getscopes goes through the whole
 * unit for each address; this reads a unit's functions once and then looks into one of them.
 * Names belong to libdw. Used by symbols.c.
 */
#ifndef VMT_INLINED_H
#define VMT_INLINED_H

#include <elfutils/libdw.h>
#include <stdbool.h>
#include <stdint.h>

struct vmt_inlined;	/* the units of a module that were asked for; NULL = none yet */

/*
 * The innermost function that was inlined at address, which lies in this unit; both without
 * the module's bias. NULL when there is none, or no memory to find it.
 */
const char *vmt_inlined_find(struct vmt_inlined **units, Dwarf_Die *unit, uint64_t address);
void vmt_inlined_free(struct vmt_inlined **units);

static inline bool vmt_is_mangled(const char *name)
{
	return name[0] == '_' && (name[1] == 'Z' || name[1] == 'R');
}

#endif
