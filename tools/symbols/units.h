/* SPDX-License-Identifier: MIT */
/*
 * Which compilation unit an address lies in. libdw knows where .debug_aranges tells, which clang
 * does not write; this asks the units themselves, once for a module. Used by symbols.c.
 */
#ifndef VMT_UNITS_H
#define VMT_UNITS_H

#include <elfutils/libdwfl.h>
#include <stdbool.h>
#include <stdint.h>

struct vmt_units; /* of a module; NULL = not read yet */

/*
 * The unit of an address, which has the module's bias; ret_bias is what to take from it for
 * what the unit says. NULL when none has the address.
 */
Dwarf_Die *vmt_units_find(struct vmt_units **units, Dwfl_Module *module, uint64_t address,
			  Dwarf_Addr *ret_bias);
void vmt_units_free(struct vmt_units *units);

/* File, compilation directory (both the unit's memory) and line; false when there is none. */
bool vmt_units_line(Dwarf_Die *unit, uint64_t address, const char **ret_file,
		    const char **ret_directory, uint32_t *ret_line);

#endif
