/* SPDX-License-Identifier: MIT */
/*
 * Finds the compilation unit of an address. libdw knows it only from .debug_aranges, which clang
 * does not write; this asks the units themselves, once for each module. Used by symbols.c.
 */
#ifndef VMT_UNITS_H
#define VMT_UNITS_H

#include <elfutils/libdwfl.h>
#include <stdbool.h>
#include <stdint.h>

struct vmt_units; /* the units of a module; NULL = not read yet */

/*
 * Returns the unit of an address, which includes the module's bias; subtract ret_bias for addresses
 * in the unit. NULL if no unit contains the address.
 */
Dwarf_Die *vmt_units_find(struct vmt_units **units, Dwfl_Module *module, uint64_t address,
			  Dwarf_Addr *ret_bias);
void vmt_units_free(struct vmt_units *units);

/* Find file, compilation directory (both belong to the unit) and line; false if there is none. */
bool vmt_units_line(Dwarf_Die *unit, uint64_t address, const char **ret_file,
		    const char **ret_directory, uint32_t *ret_line);

#endif
